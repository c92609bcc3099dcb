import type { Command } from 'commander'
import { exits, guard } from './declare.ts'
import { list } from './list.ts'

export function addList(program: Command): void {
  program
    .command('list')
    .description("show the application's events, listeners and channels")
    .option('--app <path>', 'the application module (default: as millrace.config says)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
The application module is imported, and runs no queued listener meanwhile.

Examples:
  $ millrace list
  $ millrace list --app src/push.ts --json | jq .channels
${exits}`,
    )
    .action(guard(list))
}
