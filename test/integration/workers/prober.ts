import { connect } from 'node:net'

/** Connects anew again and again, and opens a stream. */
export function startProber(url: string) {
  const failed: string[] = []
  let answered = 0
  let isStopped = false
  const { hostname, port } = new URL(url)
  const probe = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () =>
        socket.write('GET /sse?channel=probe HTTP/1.1\r\nHost: localhost\r\n\r\n'),
      )
      socket.setEncoding('utf8').once('data', (text: string) => {
        resolve(text)
        socket.destroy()
      })
      socket.once('error', reject)
      socket.once('end', () => reject(new Error('it was closed')))
    })
  const done = (async () => {
    while (!isStopped) {
      const answer = await probe().catch(String)
      if (answer.startsWith('HTTP/1.1 200')) answered++
      else failed.push(answer)
    }
  })()
  return {
    async stop() {
      isStopped = true
      await done
      return { answered, failed }
    },
  }
}
