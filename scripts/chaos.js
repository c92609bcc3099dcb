import { join } from 'node:path'
import { root, run } from './run.js'

const compiled = join(root, '.chaos')

for (const [command, args] of [
  ['npm', ['run', '--silent', 'build']],
  ['tsc', ['-p', 'test/chaos/tsconfig.json']],
]) {
  const code = await run(command, args)
  if (code !== 0) process.exit(code)
}

process.exit(await run(process.execPath, [join(compiled, 'test/chaos/main.js'), ...process.argv.slice(2)]))
