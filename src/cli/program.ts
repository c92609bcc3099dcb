import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { styleText } from 'node:util'
import { Command, InvalidArgumentError, Option } from 'commander'
import { report } from './exit.ts'
import { publish } from './publish.ts'
import { serve } from './serve.ts'
import { subscribe } from './subscribe.ts'

/** Each is a process. More than a machine has cores is of no use; a number far beyond that is a slip. */
const maxWorkers = 1_024

const exits = `
Exit codes: 0 done, 1 failed, 2 not understood.`

/** What the help says of the environment. */
export const variables = ['PORT', 'REDIS_URL', 'MILLRACE_URL'] as const
type Variable = (typeof variables)[number]

/** The command line. It throws a CommanderError where commander would end the process. */
export function createProgram(): Command {
  const program = new Command('millrace')
    .description('Push over Server-Sent Events: a hub, and commands to publish on it and subscribe to it.')
    .version(readVersion(), '-v, --version')
    .exitOverride()
    .showHelpAfterError('Try --help.')
    .configureHelp({ styleTitle: (title) => styleText('bold', title, { validateStream: false }) })
    .addHelpText(
      'after',
      `
Examples:
  $ millrace serve --dev
  $ millrace subscribe messages
  $ millrace publish messages '{"message":"Hello"}'
${exits}`,
    )
  addServe(program)
  addPublish(program)
  addSubscribe(program)
  return program
}

function addServe(program: Command): void {
  program
    .command('serve')
    .description('run a hub: GET /sse, POST /publish, GET /healthz')
    .addOption(
      new Option('-p, --port <port>', '0 takes a free one')
        .default(3000)
        .env('PORT' satisfies Variable)
        .argParser(toPort),
    )
    .option('--host <host>', 'the address to listen on', '127.0.0.1')
    .addOption(
      new Option('--redis <url>', 'keep messages in Redis, shared with other hubs').env('REDIS_URL' satisfies Variable),
    )
    .option('--data <dir>', 'keep messages on disk, in this directory, which one hub at a time may use')
    .option('--relay <pattern...>', 'pass on what other programs PUBLISH on these Redis channels (news, news-*)')
    .option('--relay-prefix <prefix>', 'what those channels begin with in Redis, and not here')
    .option('--publish-wait <ms>', 'how long a publish waits for Redis when it is away (default: 5000)', toCount(0))
    .option('--min-replicas <count>', 'replicas of Redis that must have a message before it is published', toCount(1))
    .option('--history <count>', 'messages that each channel keeps; 0 keeps none (default: 10000)', toCount(0))
    .option('--max-subscribers <count>', 'connections at one time; more get 503 (default: 100000)', toCount(1))
    .option(
      '--workers <count>',
      'processes that share the connections: a number, or auto for one for each core (default: 1)',
      toWorkers,
    )
    .option('--public <pattern...>', 'channels that everyone may subscribe to (news, rooms.{room}, news-*)')
    .option('--conflate <pattern...>', 'channels whose slow readers get only the latest message of each key')
    .option('--disconnect <pattern...>', 'channels whose slow readers are cut, and come back to catch up')
    .option('--cors <origin...>', 'origins whose pages may read the streams; * for all')
    .option('--no-compress', 'leave streams as they are also for clients that accept gzip')
    .option('--dev', 'open everything, on this machine only, with a page at / to try it')
    .option('--json', 'print JSON lines')
    .addHelpText(
      'after',
      `
Without --dev it starts closed: only --public channels can be subscribed to, and nothing is published over HTTP.

Examples:
  $ millrace serve --dev
  $ millrace serve --host 0.0.0.0 --public news 'rooms.{room}' --cors https://example.com
  $ millrace serve --dev --conflate 'prices.{symbol}'
  $ millrace serve --data /var/lib/millrace --public news
  $ millrace serve --redis redis://127.0.0.1:6379 --relay messages --public messages
${exits}`,
    )
    .action(guard(serve))
}

function addPublish(program: Command): void {
  program
    .command('publish')
    .description('publish DATA, or each line of stdin')
    .argument('<channel>', 'its name; several, joined by commas')
    .argument('[data]', 'JSON, or else text; - for stdin')
    .option('--event <name>', "the event's name")
    .option('--key <key>', 'what the message is about')
    .option('--id <id>', 'your own id: publishing it again is the same message')
    .option('--wait <ms>', 'how long to wait for Redis when it is away; 0: fail at once (default: 5000)', toCount(0))
    .addOption(hubUrlOption())
    .option('--redis <url>', 'publish through Redis, with no hub in between')
    .option('--history <count>', 'with --redis: messages that the channel keeps (default: 10000)', toCount(0))
    .option('--json', 'print JSON lines')
    .addHelpText(
      'after',
      `
Prints the position of each message, or - where the channel keeps none.

Examples:
  $ millrace publish messages '{"message":"Hello"}'
  $ millrace publish rooms.1,rooms.2 --event NewMessage '{"message":"Hello"}'
  $ tail -f access.log | millrace publish log
${exits}`,
    )
    .action(guard(publish))
}

function addSubscribe(program: Command): void {
  program
    .command('subscribe')
    .description('print the messages of channels as they come')
    .argument('<channel...>', 'their names')
    .addOption(hubUrlOption())
    .option('--since <time>', 'begin there: 30s, 10m, 2h or 1d ago, ms since the epoch, or ISO 8601')
    .option('--last-event-id <id>', 'begin after this position')
    .option('--count <count>', 'end after so many messages', toCount(1))
    .option('--json', 'print JSON lines')
    .addHelpText(
      'after',
      `
A lost connection is made again, from the last message. Gaps are told on stderr. Ctrl-C ends it, with 0.

Examples:
  $ millrace subscribe messages
  $ millrace subscribe rooms.1 rooms.2 --since 10m --json | jq .data
  $ millrace subscribe jobs.42 --count 1
${exits}`,
    )
    .action(guard(subscribe))
}

function hubUrlOption(): Option {
  return new Option('--url <url>', 'where the hub is')
    .default('http://127.0.0.1:3000')
    .env('MILLRACE_URL' satisfies Variable)
}

/** What fails is told and becomes the exit code. Commander gives the options and the command after the arguments. */
function guard<Args extends readonly unknown[]>(run: (...args: Args) => Promise<void>) {
  return async (...args: [...Args, Command]): Promise<void> => {
    const command = args.at(-1) as Command
    try {
      await run(...(args.slice(0, -1) as unknown as Args))
    } catch (error) {
      process.exitCode = report(error, command.opts<{ json?: boolean }>().json)
    }
  }
}

function toPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65_535)) throw new InvalidArgumentError('Give a number from 0 to 65535.')
  return port
}

function toCount(least: number): (text: string) => number {
  return (text) => {
    const count = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (!(count >= least)) throw new InvalidArgumentError(`Give a whole number, ${least} or more.`)
    return count
  }
}

function toWorkers(text: string): number {
  const count =
    text === 'auto' ? Math.min(availableParallelism(), maxWorkers) : /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN
  if (!(count >= 1 && count <= maxWorkers))
    throw new InvalidArgumentError(`Give a whole number from 1 to ${maxWorkers}, or auto.`)
  return count
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return version
}
