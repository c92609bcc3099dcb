import type { Command } from 'commander'
import { exits, guard } from './declare.ts'
import { makeAChannel, makeAListener, makeAnEvent } from './make.ts'

export function addMake(program: Command): void {
  const make = program
    .command('make')
    .description('write an event, a listener or a channel, with its test')
    .addHelpText(
      'after',
      `
Examples:
  $ millrace make event NewMessage
  $ millrace make listener SendMessage --event NewMessage --queued
  $ millrace make channel rooms.{room} --private
${exits}`,
    )
  addEvent(make)
  addListener(make)
  addChannel(make)
}

function addEvent(make: Command): void {
  withPlace(make.command('event'))
    .description('write an event, and export it from the application module')
    .argument('<name>', 'in PascalCase: NewMessage')
    .argument('[field...]', 'its data: room, room:string, total:number, paid:boolean (default: message)')
    .addHelpText(
      'after',
      `
With zod, valibot or arktype in package.json the data is checked by a schema, and else by the compiler alone.

Examples:
  $ millrace make event NewMessage
  $ millrace make event OrderPlaced order:string total:number
${exits}`,
    )
    .action(guard(makeAnEvent))
}

function addListener(make: Command): void {
  withPlace(make.command('listener'))
    .description('write a listener, and register it in the application module')
    .argument('<name>', 'in PascalCase: SendMessage')
    .requiredOption('--event <name>', 'the event that it listens to')
    .option('--queued', 'run it by the queue, and again where it fails')
    .addHelpText(
      'after',
      `
It publishes the event on a channel of the application that takes anything (messages, where there is one): change it to do what you need.

Examples:
  $ millrace make listener SendMessage --event NewMessage
  $ millrace make listener MailReceipt --event OrderPlaced --queued
${exits}`,
    )
    .action(guard(makeAListener))
}

function addChannel(make: Command): void {
  withPlace(make.command('channel'))
    .description('write a channel, and give it to the hub of the application module')
    .argument('<pattern>', 'its name, with parameters: messages, rooms.{room}')
    .option('--private', 'let nobody subscribe until its authorize says who')
    .option('--name <identifier>', 'what it is called in the code (default: by the pattern)')
    .addHelpText(
      'after',
      `
Without --private everyone may subscribe to it.

Examples:
  $ millrace make channel news
  $ millrace make channel 'rooms.{room}' --private
${exits}`,
    )
    .action(guard(makeAChannel))
}

function withPlace(command: Command): Command {
  return command
    .option('--app <path>', 'the application module (default: as millrace.config says)')
    .option('--dir <path>', 'the folder to write into (default: as millrace.config says)')
    .option('--no-test', 'write no test')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--json', 'print JSON')
}
