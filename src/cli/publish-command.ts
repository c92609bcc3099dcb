import type { Command } from 'commander'
import { exits, guard, hubUrlOption, toCount } from './declare.ts'
import { publish } from './publish.ts'

export function addPublish(program: Command): void {
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
