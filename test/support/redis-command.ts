import { createClient } from 'redis'

/** Runs one command as any other program would, on a connection of its own. */
export async function redisCommand(server: { readonly url: string }, command: readonly string[]): Promise<unknown> {
  const client = createClient({ url: server.url })
  await client.connect()
  try {
    return await client.sendCommand([...command])
  } finally {
    await client.close()
  }
}
