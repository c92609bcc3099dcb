import { chmodSync, existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from './run.js'

const commandLine = join(root, 'dist/cli/main.js')

// Without this a file that was moved or deleted in src would live on in dist, and be published.
rmSync(join(root, 'dist'), { recursive: true, force: true })

const code = await run('tsc', ['-p', 'tsconfig.build.json'])
if (code !== 0) process.exit(code)

// npm does this for those who install the package, and nobody for those who work in it. `check` notices a missing file.
if (existsSync(commandLine)) chmodSync(commandLine, 0o755)
