import type { Command } from 'commander'
import { appOption, exits, guard } from './declare.ts'
import { queues } from './queues.ts'

export function addQueues(program: Command): void {
  program
    .command('queues')
    .description('how many jobs wait, run and have failed')
    .addOption(appOption())
    .option('--json', 'print JSON lines')
    .addHelpText(
      'after',
      `
Examples:
  $ millrace queues
  $ millrace queues --json | jq 'select(.waiting > 1000)'
${exits}`,
    )
    .action(guard(queues))
}
