import { run } from './run.js'
import { setup } from './setup.js'

const args = process.argv.slice(2)

if (!asksForUnitsOnly(args) && !(await setup())) process.exit(1)

// Some tests import the package by its own name, as a user does, and so from dist.
const built = await run('npm', ['run', '--silent', 'build'])
if (built !== 0) process.exit(built)

process.exit(await run('vitest', ['run', ...args]))

/** `--project unit` or `--project=unit`, and no other project. */
function asksForUnitsOnly(args) {
  const projects = args.flatMap((arg, index) =>
    arg === '--project' ? [args[index + 1]] : arg.startsWith('--project=') ? [arg.slice('--project='.length)] : [],
  )
  return projects.length > 0 && projects.every((name) => name === 'unit')
}
