import { availableParallelism } from 'node:os'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { exits, guard, toCount, type Variable } from './declare.ts'
import { serve } from './serve.ts'

/** Each is a process. More than a machine has cores is of no use; a number far beyond that is a slip. */
const maxWorkers = 1_024

export function addServe(program: Command): void {
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

function toPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65_535)) throw new InvalidArgumentError('Give a number from 0 to 65535.')
  return port
}

function toWorkers(text: string): number {
  const count =
    text === 'auto' ? Math.min(availableParallelism(), maxWorkers) : /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN
  if (!(count >= 1 && count <= maxWorkers))
    throw new InvalidArgumentError(`Give a whole number from 1 to ${maxWorkers}, or auto.`)
  return count
}
