import { type Command, InvalidArgumentError } from 'commander'
import { appOption, exits, guard, toCount } from './declare.ts'
import { forgetFailed, listFailed, purgeFailed, retryFailed, showFailed } from './failed.ts'

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

export function addFailed(program: Command): void {
  const failed = program
    .command('failed')
    .description('list, show, retry and forget the jobs that were given up')
    .addHelpText(
      'after',
      `
Examples:
  $ millrace failed list
  $ millrace failed retry --all --queue mail
  $ millrace failed purge --older-than 7d
${exits}`,
    )
  const add = (name: string, description: string) =>
    failed.command(name).description(description).addOption(appOption()).option('--json', 'print JSON lines')
  const queue = ['--queue <name>', 'only jobs of this queue'] as const

  add('list', 'the latest first')
    .option(...queue)
    .option('--limit <count>', 'how many at most', toCount(1), 100)
    .action(guard(listFailed))
  add('show', 'all that is known of one: its error with the stack, its data').argument('<id>').action(guard(showFailed))
  add('retry', 'put jobs back into their queues, to be run as if for the first time')
    .argument('[id...]')
    .option('--all', 'all there are')
    .option('--queue <name>', 'with --all: only jobs of this queue')
    .action(guard(retryFailed))
  add('forget', 'remove jobs')
    .argument('[id...]')
    .option('--all', 'all there are')
    .option('--queue <name>', 'with --all: only jobs of this queue')
    .action(guard(forgetFailed))
  add('purge', 'remove what was given up long ago')
    .option('--older-than <age>', '30m, 12h or 7d ago, or longer', toAge, 7 * units.d)
    .option(...queue)
    .action(guard(purgeFailed))
}

function toAge(text: string): number {
  const [, count, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  if (count === undefined) throw new InvalidArgumentError('Give a number and a unit: 90s, 30m, 12h, 7d.')
  return Number(count) * units[unit as keyof typeof units]
}
