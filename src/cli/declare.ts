import { type Command, InvalidArgumentError, Option } from 'commander'
import { report } from './exit.ts'

/** The end of every help. */
export const exits = `
Exit codes: 0 done, 1 failed, 2 not understood.`

/** What the help says of the environment. */
export const variables = ['PORT', 'REDIS_URL', 'MILLRACE_URL'] as const
export type Variable = (typeof variables)[number]

/** Where a hub is that is used from outside. */
export function hubUrlOption(): Option {
  return new Option('--url <url>', 'where the hub is')
    .default('http://127.0.0.1:3000')
    .env('MILLRACE_URL' satisfies Variable)
}

/** The application that a command works with. */
export function appOption(): Option {
  return new Option('--app <path>', 'the application module (default: what millrace.config says)')
}

/** What fails is told and becomes the exit code. Commander gives the options and the command after the arguments. */
export function guard<Args extends readonly unknown[]>(run: (...args: Args) => Promise<void>) {
  return async (...args: [...Args, Command]): Promise<void> => {
    const command = args.at(-1) as Command
    try {
      await run(...(args.slice(0, -1) as unknown as Args))
    } catch (error) {
      process.exitCode = report(error, command.opts<{ json?: boolean }>().json)
    }
  }
}

/** Reads a flag that is a whole number, `least` or more. */
export function toCount(least: number): (text: string) => number {
  return (text) => {
    const count = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (!(count >= least)) throw new InvalidArgumentError(`Give a whole number, ${least} or more.`)
    return count
  }
}
