import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'
import { type Chat, type ChatOptions, startChat, type VisitOptions, visit } from './chat.ts'
import { browserScope } from './scope.ts'

const scope = browserScope()
const { undo } = scope

async function chatServer(options?: ChatOptions): Promise<Chat> {
  const chat = await startChat(options)
  undo.push(() => chat.kill('SIGKILL'))
  return chat
}

async function visitor(chat: Chat, name: string, options?: VisitOptions) {
  const visitor = await visit(scope.browser, chat, name, options)
  undo.push(() => visitor.page.context().close())
  return visitor
}

describe('the chat', () => {
  test('shows in one page within a second what is written in another, and the browser has nothing to complain about', async () => {
    const chat = await chatServer()
    const [ada, grace] = await Promise.all([visitor(chat, 'Ada'), visitor(chat, 'Grace')])

    await ada.say('Hello from Ada')
    await grace.sees('Hello from Ada', 1000)
    await grace.say('And back')
    await ada.sees('And back', 1000)

    expect(await ada.texts()).toEqual(['Hello from Ada', 'And back'])
    expect(await grace.texts()).toEqual(['Hello from Ada', 'And back'])
    expect(await ada.page.locator('.mine .text').allTextContents()).toEqual(['Hello from Ada'])
    expect(await grace.page.locator('.message:not(.mine) .name').allTextContents()).toEqual(['Ada'])
    expect([...ada.complaints, ...grace.complaints]).toEqual([])
    expect(chat.output).toBe(`The chat is at ${chat.url}\n`)
  })

  test('shows a page what was said before it opened, once, and after a reload again', async () => {
    const chat = await chatServer()
    const ada = await visitor(chat, 'Ada')
    for (const text of ['one', 'two', 'three']) {
      await ada.say(text)
      await ada.sees(text)
    }

    const grace = await visitor(chat, 'Grace')
    await grace.sees('three')
    expect(await grace.texts()).toEqual(['one', 'two', 'three'])

    await ada.page.reload()
    await ada.sees('three')
    expect(await ada.texts()).toEqual(['one', 'two', 'three'])
    expect(await ada.page.getByLabel('Your name').inputValue()).toBe('Ada')
    expect(await ada.page.locator('.mine').count()).toBe(3)
  })

  test('says who is writing until the message is there', async () => {
    const chat = await chatServer()
    const [ada, grace] = await Promise.all([visitor(chat, 'Ada'), visitor(chat, 'Grace')])

    await ada.page.getByLabel('Message', { exact: true }).pressSequentially('I am')
    await grace.page.getByText('Ada is writing').waitFor()
    expect(await ada.page.getByText('is writing').count()).toBe(0)

    await ada.page.keyboard.press('Enter')
    await grace.sees('I am')
    await grace.page.getByText('Ada is writing').waitFor({ state: 'detached' })
  })

  test('forgets who is writing when nothing more comes of it', async () => {
    const chat = await chatServer()
    const [ada, grace] = await Promise.all([visitor(chat, 'Ada'), visitor(chat, 'Grace')])

    await grace.page.clock.install()

    await ada.page.getByLabel('Message', { exact: true }).fill('Never sent')
    await grace.page.getByText('Ada is writing').waitFor()
    await grace.page.clock.fastForward(10_000)

    await grace.page.getByText('Ada is writing').waitFor({ state: 'detached' })
  })

  test('shows HTML as the text that it is', async () => {
    const chat = await chatServer()
    const html = '<img src=x onerror="document.title=1"><b>bold</b> &amp; <script>document.title = 2</script>'
    const ada = await visitor(chat, html.slice(0, 30))
    const grace = await visitor(chat, 'Grace')

    await ada.say(html)
    await grace.sees('bold')

    expect(await grace.texts()).toEqual([html])
    expect(await grace.page.locator('.name').allTextContents()).toEqual([html.slice(0, 30)])
    expect(await grace.page.locator('#log img, #log b, #log script').count()).toBe(0)
    expect(grace.complaints).toEqual([])
  })

  test('counts what is said in the other rooms', async () => {
    const chat = await chatServer()
    const ada = await visitor(chat, 'Ada', { room: 'workshop' })
    const grace = await visitor(chat, 'Grace')

    await ada.say('Over here')
    await grace.page.getByRole('link', { name: 'workshop 1 unread' }).click()
    await grace.sees('Over here')

    expect(await grace.page.getByRole('heading', { level: 1 }).textContent()).toBe('workshop')
    await grace.page.getByText('unread').waitFor({ state: 'detached' })
    expect(grace.streams).toHaveLength(1)
  })

  test('has a room for any word in the address', async () => {
    const chat = await chatServer()
    const ada = await visitor(chat, 'Ada', { room: 'plans-2027' })
    const grace = await visitor(chat, 'Grace')
    await ada.say('Nobody knows this room')
    await grace.say('Meanwhile in the lobby')
    await ada.sees('Nobody knows this room')
    await grace.sees('Meanwhile in the lobby')

    await grace.page.evaluate(() => {
      location.hash = 'plans-2027'
    })
    await grace.sees('Nobody knows this room')
    expect(await grace.texts()).toEqual(['Nobody knows this room'])

    await grace.page.getByRole('link', { name: 'lobby' }).click()
    await grace.sees('Meanwhile in the lobby')
    expect(await grace.texts()).toEqual(['Meanwhile in the lobby'])
  })

  test('says where earlier messages are no longer kept', async () => {
    const chat = await chatServer()
    const ada = await visitor(chat, 'Ada')
    await ada.page.evaluate(async () => {
      const headers = { 'content-type': 'application/json' }
      for (let count = 1; count <= 510; count++) {
        const id = String(count).padStart(32, '0')
        const body = JSON.stringify({ id, author: id, name: 'Grace', text: `Number ${count}.` })
        await fetch('/rooms/lobby/messages', { method: 'POST', headers, body })
      }
    })

    const grace = await visitor(chat, 'Grace')
    await grace.sees('Number 510.')

    expect((await grace.page.locator('#log li').allTextContents()).slice(0, 3)).toEqual([
      'Some earlier messages are no longer kept',
      'Today',
      expect.stringMatching(/Number 11\.$/),
    ])
    // Nobody was away.
    expect(await ada.page.locator('.gap').count()).toBe(0)
  })

  test('does not take a reader away from older messages', async () => {
    const chat = await chatServer()
    const ada = await visitor(chat, 'Ada', { viewport: { width: 600, height: 500 } })
    const grace = await visitor(chat, 'Grace')
    for (let line = 1; line <= 12; line++) await ada.say(`Line ${line}.\nAnd more.`)
    await ada.sees('Line 12.')
    const log = ada.page.getByRole('log')
    const scrollTop = () => log.evaluate((element) => element.scrollTop)
    await until('the end of the log', async () => (await scrollTop()) > 100 || undefined)

    await log.evaluate((element) => element.scrollTo(0, 0))
    await grace.say('Something new')
    await ada.page.getByRole('button', { name: 'New messages' }).waitFor()
    expect(await scrollTop()).toBe(0)

    await ada.page.getByRole('button', { name: 'New messages' }).click()
    await ada.page.getByRole('button', { name: 'New messages' }).waitFor({ state: 'hidden' })
    expect(await scrollTop()).toBeGreaterThan(100)
  })
})

describe('the look of the chat', () => {
  test.for([320, 390, 768, 1280])('fits a window %i pixels wide', async (width) => {
    const chat = await chatServer()
    const ada = await visitor(chat, 'Somebody with quite a long name indeed', { viewport: { width, height: 700 } })
    await ada.say(`A word that does not end: ${'w'.repeat(300)}`)
    await ada.sees('A word')

    const overflow = await ada.page.evaluate(() => {
      const { scrollWidth, scrollHeight } = document.documentElement
      const log = document.getElementById('log')
      return {
        x: scrollWidth - innerWidth,
        y: scrollHeight - innerHeight,
        log: (log?.scrollWidth ?? 0) - (log?.clientWidth ?? 0),
      }
    })
    const send = await ada.page.getByRole('button', { name: 'Send' }).boundingBox()

    expect(overflow).toEqual({ x: 0, y: 0, log: 0 })
    expect((send?.x ?? 0) + (send?.width ?? 0)).toBeLessThan(width)
    expect((send?.y ?? 0) + (send?.height ?? 0)).toBeLessThan(700)
  })

  test('is light or dark as the reader has it', async () => {
    const chat = await chatServer()
    const ada = await visitor(chat, 'Ada')
    await visitor(chat, 'Grace').then((grace) => grace.say('What does it look like?'))
    await ada.sees('What does it look like?')
    await ada.say('See for yourself')
    await ada.sees('See for yourself')
    // For people to look at.
    const dir = join(tmpdir(), 'millrace-chat')
    await mkdir(dir, { recursive: true })

    const brightness: number[] = []
    for (const colorScheme of ['light', 'dark'] as const) {
      await ada.page.emulateMedia({ colorScheme })
      await ada.page.screenshot({ path: join(dir, `${colorScheme}.png`) })
      const colour = await ada.page.evaluate(() => getComputedStyle(document.body).backgroundColor)
      const [red = 0, green = 0, blue = 0] = (colour.match(/\d+/g) ?? []).map(Number)
      brightness.push((red + green + blue) / 3)
    }

    expect(brightness[0]).toBeGreaterThan(200)
    expect(brightness[1]).toBeLessThan(60)
  })
})

describe('the connection of the chat', () => {
  test('is made anew when the server comes back, and the page says what may be missing', async () => {
    const chat = await chatServer()
    const ada = await visitor(chat, 'Ada')
    await ada.say('Before')
    await ada.sees('Before')

    await chat.kill('SIGKILL')
    await ada.is('reconnecting')
    await ada.say('Into the void')
    await ada.page.getByText('Not sent').waitFor()

    const again = await chatServer({ port: chat.port })
    await ada.is('live')
    const grace = await visitor(again, 'Grace')
    await grace.say('After')
    await ada.sees('After')
    // What could not be sent is still there to be sent.
    await ada.page.keyboard.press('Enter')
    await grace.sees('Into the void')

    expect(await ada.texts()).toEqual(['Before', 'After', 'Into the void'])
    // The server kept its messages in memory.
    expect(await ada.page.locator('.gap').allTextContents()).toEqual(['Some messages may be missing here'])
  })

  test('is made anew by the page, from its cursor, where a proxy answers for a server that is away', async () => {
    const redis = await startRedis()
    undo.push(() => redis.stop())
    const chat = await chatServer({ redis: redis.url })
    const elsewhere = await chatServer({ redis: redis.url })
    const ada = await visitor(chat, 'Ada')
    const grace = await visitor(elsewhere, 'Grace')
    await ada.say('Before')
    await grace.sees('Before')
    await ada.sees('Before')

    await chat.kill('SIGTERM')
    const proxy = createServer((_request, response) => void response.writeHead(502).end()).listen(chat.port)
    undo.push(() => proxy.close())
    await ada.page.waitForResponse((response) => response.status() === 502)
    await grace.say('Meanwhile')
    await grace.sees('Meanwhile')
    proxy.closeAllConnections()
    await new Promise((resolve) => proxy.close(resolve))
    await chatServer({ port: chat.port, redis: redis.url })

    await ada.sees('Meanwhile')
    await ada.is('live')
    expect(await ada.texts()).toEqual(['Before', 'Meanwhile'])
    expect(await ada.page.locator('.gap').count()).toBe(0)
    expect(ada.streams.at(-1)?.searchParams.get('last_event_id')).toMatch(/./)
  })

  test('leads to one room on two servers with one Redis', async () => {
    const redis = await startRedis()
    undo.push(() => redis.stop())
    const [one, other] = await Promise.all([chatServer({ redis: redis.url }), chatServer({ redis: redis.url })])
    const [ada, grace] = await Promise.all([visitor(one, 'Ada'), visitor(other, 'Grace')])

    await ada.say('Hello over there')
    await grace.sees('Hello over there', 1000)
    await grace.page.getByLabel('Message', { exact: true }).pressSequentially('Good to see you')
    await ada.page.getByText('Grace is writing').waitFor()
    await grace.page.keyboard.press('Enter')
    await ada.sees('Good to see you', 1000)

    const later = await visitor(other, 'Later')
    await later.sees('Hello over there')
    for (const { complaints } of [ada, grace, later]) expect(complaints).toEqual([])
  })

  test('stays while Redis restarts, and messages go on', async () => {
    const redis = await startRedis({ appendfsync: 'always' })
    undo.push(() => redis.stop())
    const [one, other] = await Promise.all([chatServer({ redis: redis.url }), chatServer({ redis: redis.url })])
    const [ada, grace] = await Promise.all([visitor(one, 'Ada'), visitor(other, 'Grace')])
    await ada.say('Before')
    await grace.sees('Before')

    await redis.kill('SIGKILL')
    await redis.restart()
    await ada.say('After')
    await grace.sees('After')
    await ada.sees('After')

    for (const { page, streams, texts } of [ada, grace]) {
      expect(await texts()).toEqual(['Before', 'After'])
      expect(await page.locator('.gap').count()).toBe(0)
      expect(await page.locator('#state').textContent()).toBe('Live')
      expect(streams).toHaveLength(1)
    }
  })
})

describe('the server of the chat', () => {
  test('ends soon although Redis is away and a message waits for it', async () => {
    const redis = await startRedis()
    undo.push(() => redis.stop())
    const chat = await chatServer({ redis: redis.url })
    const ada = await visitor(chat, 'Ada')
    await redis.kill('SIGKILL')
    const sent = ada.page.waitForRequest((request) => request.method() === 'POST')
    await ada.say('Never to arrive')
    await sent
    const asked = Date.now()
    await chat.kill('SIGTERM')
    expect(chat.ended).toBe(0)
    expect(Date.now() - asked).toBeLessThan(5_000)
  })

  test('ends soon after it is asked to, with pages open', async () => {
    const chat = await chatServer()
    await visitor(chat, 'Ada')
    const asked = Date.now()

    await chat.kill('SIGTERM')

    expect(chat.ended).toBe(0)
    expect(Date.now() - asked).toBeLessThan(5000)
  })

  const id = '0'.repeat(32)
  const message = { id, author: id, name: 'Ada', text: 'Hello' }
  const json = 'application/json'
  test.for([
    ['a message', 204, 'POST', '/rooms/lobby/messages', json, message],
    ['no JSON', 400, 'POST', '/rooms/lobby/messages', json, '{'],
    ['no object', 400, 'POST', '/rooms/lobby/messages', json, 'null'],
    ['a form of another site', 415, 'POST', '/rooms/lobby/messages', 'text/plain', message],
    ['an empty message', 422, 'POST', '/rooms/lobby/messages', json, { ...message, text: ' ' }],
    ['a long message', 422, 'POST', '/rooms/lobby/messages', json, { ...message, text: 'x'.repeat(2001) }],
    ['a huge message', 413, 'POST', '/rooms/lobby/messages', json, { ...message, text: 'x'.repeat(1_000_000) }],
    ['no text', 422, 'POST', '/rooms/lobby/messages', json, { ...message, text: 7 }],
    ['an odd room', 422, 'POST', '/rooms/a.b/messages', json, message],
    ['another method', 405, 'PUT', '/rooms/lobby/messages', json, message],
    ['another path', 404, 'GET', '/../server.js', undefined, undefined],
    ['a name of every object', 404, 'GET', '/constructor', undefined, undefined],
  ] as const)('answers %s with %i', async ([, status, method, path, type, body]) => {
    const chat = await chatServer()

    const response = await fetch(chat.url + path, {
      method,
      headers: type === undefined ? {} : { 'content-type': type },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    })

    expect(response.status).toBe(status)
    expect(chat.output).toBe(`The chat is at ${chat.url}\n`)
  })
})
