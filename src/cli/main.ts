#!/usr/bin/env node
import { CommanderError } from 'commander'
import { variables } from './declare.ts'
import { exitCodes, report } from './exit.ts'
import { createProgram } from './program.ts'

// A variable that is set to nothing is taken for one that is not set, as process managers leave them.
for (const name of variables) if (process.env[name] === '') delete process.env[name]

try {
  await createProgram().parseAsync()
} catch (error) {
  // Commander has said what was wrong, or has printed the help or the version that was asked for.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  else process.exitCode = report(error)
}
