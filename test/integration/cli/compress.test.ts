import { expect, test } from 'vitest'
import { serve } from './command.ts'

const headers = { 'accept-encoding': 'gzip' }

test('streams are compressed for those who accept it', async () => {
  const { url } = await serve(['--dev'])

  expect(await ask(url)).toEqual({ coding: 'gzip', vary: 'Accept-Encoding' })
  expect(await ask(url, { 'accept-encoding': 'identity' })).toEqual({ coding: null, vary: 'Accept-Encoding' })
})

test('with --no-compress they are not, and say nothing of it', async () => {
  const { url } = await serve(['--dev', '--no-compress'])

  expect(await ask(url)).toEqual({ coding: null, vary: null })
})

async function ask(url: string, init = headers) {
  const response = await fetch(`${url}/sse?channel=a`, { headers: init })
  await response.body?.cancel()
  return { coding: response.headers.get('content-encoding'), vary: response.headers.get('vary') }
}
