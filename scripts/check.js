import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from './run.js'

// The build comes before the types: some tests import the package by its own name, and so its types from dist.
const gates = [
  ['lint and format', 'biome', ['check', '--error-on-warnings']],
  ['build', 'npm', ['run', '--silent', 'build']],
  ['types', 'tsc', ['-p', 'tsconfig.json']],
  ...(existsSync(join(root, 'examples/tsconfig.json')) ? [['examples', 'tsc', ['-p', 'examples/tsconfig.json']]] : []),
  ['bench', 'tsc', ['-p', 'bench/tsconfig.json']],
  ['package', 'publint', ['--strict']],
]

// Every gate runs, whatever the one before it found: one run tells all there is to mend.
const failed = []
for (const [name, command, args] of gates) {
  if ((await run(command, args)) !== 0) failed.push(name)
}

if (failed.length > 0) {
  console.error(`\ncheck failed: ${failed.join(', ')}`)
  process.exit(1)
}
console.log('\ncheck passed')
