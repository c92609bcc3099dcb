import { styleText } from 'node:util'
import { Command } from 'commander'
import { exits } from './declare.ts'
import { addFailed } from './failed-command.ts'
import { addInit } from './init-command.ts'
import { addList } from './list-command.ts'
import { addMake } from './make-command.ts'
import { addPublish } from './publish-command.ts'
import { addQueues } from './queues-command.ts'
import { addServe } from './serve-command.ts'
import { addSubscribe } from './subscribe-command.ts'
import { readVersion } from './version.ts'
import { addWork } from './work-command.ts'

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
  $ millrace init
  $ millrace make event NewMessage
  $ millrace work
${exits}`,
    )
  addServe(program)
  addPublish(program)
  addSubscribe(program)
  addInit(program)
  addMake(program)
  addList(program)
  addWork(program)
  addQueues(program)
  addFailed(program)
  return program
}
