import { execPath as node } from 'node:process'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { freePort } from '../support/free-port.ts'
import { startGuarded } from '../support/guarded-process.ts'
import { until } from '../support/until.ts'

const server = fileURLToPath(new URL('../../examples/chat/server.js', import.meta.url))

export interface Chat {
  readonly port: number
  readonly url: string
  /** What the server printed. */
  readonly output: string
  /** The exit code or the signal once it has ended. */
  readonly ended: number | NodeJS.Signals | undefined
  /** Resolves when it has ended. */
  kill(signal: NodeJS.Signals): Promise<void>
}

export interface ChatOptions {
  /** @default a free one */
  readonly port?: number
  /** @default none: the messages are in the server's memory */
  readonly redis?: string
}

/** The example, as `npm start` runs it. Resolves when it accepts connections. */
export async function startChat({ port, redis = '' }: ChatOptions = {}): Promise<Chat> {
  const own = port ?? (await freePort())
  const process = await startGuarded('env', [`PORT=${own}`, `REDIS_URL=${redis}`, 'HOST=127.0.0.1', node, server], '')
  await until('the chat', async () => {
    if (process.ended !== undefined) throw new Error(`The chat ended with ${process.ended}: ${process.output}`)
    return process.output.includes('The chat is at') || undefined
  })
  return {
    port: own,
    url: `http://127.0.0.1:${own}`,
    get output() {
      return process.output
    },
    get ended() {
      return process.ended
    },
    kill: process.kill,
  }
}

/** One person with one page. */
export interface Visitor {
  readonly page: Page
  /** What the browser had to complain about: warnings, errors, requests that failed or were answered with an error. */
  readonly complaints: readonly string[]
  /** The streams that the page has asked for. */
  readonly streams: readonly URL[]
  /** Types a message and sends it. */
  say(text: string): Promise<void>
  /** Resolves when the page shows the message. */
  sees(text: string, timeout?: number): Promise<void>
  /** The texts in the room that is open. */
  texts(): Promise<string[]>
  /** Resolves when the page says that it is in this state. */
  is(state: 'connecting' | 'live' | 'reconnecting'): Promise<void>
}

export interface VisitOptions extends BrowserContextOptions {
  readonly room?: string
}

/** Somebody who has not been there before opens the chat. Resolves when the page is live. */
export async function visit(
  browser: Browser,
  chat: Pick<Chat, 'url'>,
  name: string,
  { room = 'lobby', ...options }: VisitOptions = {},
): Promise<Visitor> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const complaints: string[] = []
  const streams: URL[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`))
  page.on('response', (response) => {
    if (response.status() >= 400) complaints.push(`${response.url()}: ${response.status()}`)
  })
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.pathname === '/sse') streams.push(url)
  })
  const visitor: Visitor = {
    page,
    complaints,
    streams,
    async say(text) {
      await page.getByLabel('Message', { exact: true }).fill(text)
      await page.keyboard.press('Enter')
    },
    sees: (text, timeout = 20_000) => page.locator('.text', { hasText: text }).waitFor({ timeout }),
    texts: () => page.locator('#log .text').allTextContents(),
    is: (state) => page.locator(`#state[data-state=${state}]`).waitFor(),
  }
  await page.goto(`${chat.url}/#${room}`)
  await visitor.is('live')
  await page.getByLabel('Your name').fill(name)
  await page.keyboard.press('Enter')
  return visitor
}
