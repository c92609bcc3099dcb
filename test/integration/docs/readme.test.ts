import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium } from '../../support/chromium.ts'
import { freePort } from '../../support/free-port.ts'
import { type GuardedProcess, startGuarded } from '../../support/guarded-process.ts'
import { until } from '../../support/until.ts'
import { blocksOf } from './support/blocks.ts'
import { createProject, type Project, root } from './support/project.ts'

let browser: Browser
let project: Project
let server: GuardedProcess
let url: string

beforeAll(async () => {
  browser = await launchChromium()
  project = await createProject()
  const port = await freePort()
  for (const { file, code } of blocksOf(await readFile(join(root, 'README.md'), 'utf8'))) {
    if (file !== undefined) await project.write(file, code.replace('app.listen(3000)', `app.listen(${port})`))
  }
  await project.compile()
  server = await startGuarded('sh', ['-c', 'cd "$0" && exec "$1" server.js', project.dir, process.execPath], '')
  url = `http://localhost:${port}`
  await until('the server of the example', async () => {
    if (server.ended !== undefined) throw new Error(`It ended with ${server.ended}: ${server.output}`)
    return (await fetch(url).catch(() => undefined))?.ok || undefined
  })
})

afterAll(async () => {
  await browser?.close()
  await server?.kill('SIGKILL')
  await project?.remove()
})

test('the example compiles and runs: what is written in one page is in the other, and in one that opens later', async () => {
  const [first, second, later] = [await browser.newPage(), await browser.newPage(), await browser.newPage()]
  const isOpen = (page: typeof first) =>
    page.waitForResponse((response) => response.url().includes('/sse') && response.status() === 200)
  await Promise.all([isOpen(first), first.goto(url)])
  await Promise.all([isOpen(second), second.goto(url)])

  await first.getByRole('textbox').fill('Hello')
  await first.getByRole('textbox').press('Enter')
  await second.getByText('Hello').waitFor()
  await first.getByText('Hello').waitFor()
  await later.goto(url)
  await later.getByText('Hello').waitFor()
})

test('the example has a stream that a command can read as well', async () => {
  const response = await fetch(`${url}/sse?channel=rooms.1`)
  const reader = response.body?.getReader()
  const { value } = (await reader?.read()) ?? {}
  await reader?.cancel()

  expect(response.headers.get('content-type')).toBe('text/event-stream')
  expect(new TextDecoder().decode(value)).toMatch(/^retry: \d+\nid: \d+-\d+\n\n$/)
})
