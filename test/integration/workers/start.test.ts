import { expect, test } from 'vitest'
import { freePort } from '../../support/free-port.ts'
import { openStream, run, serve, start, untilPrinted } from '../cli/command.ts'
import { createDirectory } from '../disk/support/directory.ts'
import { serveBy } from './fleet.ts'

test('shares --max-subscribers among the workers', async () => {
  const { url } = await serveBy(2, ['--max-subscribers', '6'])
  await Promise.all([1, 2, 3, 4, 5, 6].map(() => openStream(url, 'a')))

  const refused = await Promise.all(Array.from({ length: 20 }, () => fetch(`${url}/sse?channel=a`)))

  expect(refused.map(({ status }) => status)).toEqual(Array(20).fill(503))
  expect(await refused[0]?.json()).toMatchObject({ code: 'hub_full', limit: 3 })
})

test('says when the port is taken, as one process does', async () => {
  const port = String(await freePort())
  await serve(['--dev', '--port', port])

  const [one, two] = await Promise.all([
    run(['serve', '--dev', '--port', port]),
    run(['serve', '--dev', '--port', port, '--workers', '2']),
  ])

  expect(two).toEqual(one)
  expect(two.code).toBe(1)
  expect(two.stderr).toMatch(/Cannot listen .* \(address_unavailable\)/)
})

test('says when the directory is locked, as one process does', async () => {
  const dir = await createDirectory()
  await serveBy(2, ['--data', dir])

  const [one, two] = await Promise.all([
    run(['serve', '--dev', '--port', '0', '--data', dir]),
    run(['serve', '--dev', '--port', '0', '--data', dir, '--workers', '2']),
  ])

  expect(two).toEqual(one)
  expect(two.stderr).toMatch(/data_locked/)
})

test.for([
  [['--public', 'a..{b'], 2],
  [['--cors', 'example.com'], 2],
  [['--relay', 'a'], 2],
  [['--workers', '0'], 2],
  [['--workers', 'many'], 2],
] as const)('refuses %j as one process does', async ([args, code]) => {
  const two = await run(['serve', '--port', '0', '--workers', '2', ...args])
  const one = await run(['serve', '--port', '0', ...args])

  expect(two).toEqual(one)
  expect(two.code).toBe(code)
})

test('auto is one process for each core, and one is a process alone', async () => {
  const hub = await serve(['--dev', '--workers', '1'])
  expect(hub.listening).not.toHaveProperty('workers')
  const auto = await start(['serve', '--dev', '--port', '0', '--workers', 'auto'])
  await untilPrinted(auto, /page/)
  expect(auto.output).toMatch(/workers +\d+ processes/)
})
