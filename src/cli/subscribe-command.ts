import type { Command } from 'commander'
import { exits, guard, hubUrlOption, toCount } from './declare.ts'
import { subscribe } from './subscribe.ts'

export function addSubscribe(program: Command): void {
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
