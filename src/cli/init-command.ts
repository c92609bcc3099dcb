import { type Command, Option } from 'commander'
import { exits, guard } from './declare.ts'
import { initialize } from './init.ts'

export function addInit(program: Command): void {
  program
    .command('init')
    .description('add the smallest working set-up to an application: Express, Fastify, Hono, Next.js')
    .addOption(
      new Option('--framework <name>', 'which one (default: as package.json says)').choices([
        'express',
        'fastify',
        'hono',
        'next',
      ]),
    )
    .option('--app <path>', 'the application module to make (default: push.ts beside the server)')
    .option('--server <path>', 'the file in which the server is made (default: the one that is found)')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
It writes millrace.config, the application module with events and a hub, a public channel, and the route /sse. It overwrites nothing,
installs nothing, and does nothing where it was run before.

Examples:
  $ millrace init
  $ millrace init --dry-run
  $ millrace init --framework express --server src/main.ts
${exits}`,
    )
    .action(guard(initialize))
}
