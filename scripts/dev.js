import { run } from './run.js'

// The example needs a dist to start from; after that the compiler rewrites it and node restarts the example.
const code = await run('npm', ['run', 'build'])
if (code !== 0) process.exit(code)

const codes = await Promise.all([
  run('tsc', ['-p', 'tsconfig.build.json', '--watch', '--preserveWatchOutput']),
  run('node', ['--watch', 'examples/chat/server.js']),
])
process.exit(Math.max(...codes))
