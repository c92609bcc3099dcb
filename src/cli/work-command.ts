import type { Command } from 'commander'
import { appOption, exits, guard, toCount } from './declare.ts'
import { work } from './work.ts'

export function addWork(program: Command): void {
  program
    .command('work')
    .description("run the jobs of an application's queued listeners")
    .addOption(appOption())
    .option('--queue <name...>', 'only jobs of these queues (default: those of its queued listeners)')
    .option(
      '--concurrency <count>',
      'jobs of each queue at a time (default: what its listeners say, else 10)',
      toCount(1),
    )
    .option('--timeout <seconds>', 'how long running jobs have when it stops; then they go back', toCount(0), 30)
    .option('--stop-when-empty', 'stop when no job is due and none runs')
    .option('--max-jobs <count>', 'stop after so many runs', toCount(1))
    .option('--max-time <seconds>', 'stop after so long', toCount(1))
    .option('--quiet', 'no line for a job that is done')
    .option('--json', 'print JSON lines')
    .addHelpText(
      'after',
      `
SIGTERM or SIGINT stops it: it takes no more jobs and lets those that run finish. A second one ends it at once.

Examples:
  $ millrace work
  $ millrace work --queue mail push --concurrency 50
  $ millrace work --stop-when-empty
${exits}`,
    )
    .action(guard(work))
}
