// @ts-check

/**
 * Listens on a free port of the loopback, and says on which in the way of `millrace serve --json`.
 *
 * It does not outlive the one who has started it, and ends by `exit` so that a profile is written.
 *
 * @param {import('node:http').Server} server
 */
export function announce(server) {
  process.on('SIGTERM', () => process.exit())
  process.on('disconnect', () => process.exit())
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (typeof address === 'object' && address !== null)
      console.log(JSON.stringify({ url: `http://127.0.0.1:${address.port}` }))
  })
}
