import { run } from './run.js'

// `npm start` is `exec node …` and this forwards signals: a shell between would end without telling the server, which would go on
// and keep its port.
const code = await run('npm', ['run', '--silent', 'build'])
process.exit(code === 0 ? await run('node', ['examples/chat/server.js']) : code)
