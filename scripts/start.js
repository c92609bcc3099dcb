import { run } from './run.js'

// Not `npm run build && node …`: the shell between would end without telling node, which would go on and keep its port.
const code = await run('npm', ['run', '--silent', 'build'])
process.exit(code === 0 ? await run('node', ['examples/chat/server.js']) : code)
