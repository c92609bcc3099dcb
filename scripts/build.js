import { chmodSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root, run } from './run.js'

// Without this a file that was moved or deleted in src would live on in dist, and be published.
rmSync(join(root, 'dist'), { recursive: true, force: true })

const code = await run('tsc', ['-p', 'tsconfig.build.json'])
if (code !== 0) process.exit(code)

chmodSync(join(root, 'dist/cli/main.js'), 0o755)
