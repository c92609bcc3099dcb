import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { BrowserContext, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { startRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'
import { folder, orderAs, type ShopData, type ShopOptions, shopData, startShop, startWorker } from './notifications.ts'
import { browserScope } from './scope.ts'

const scope = browserScope()
const { undo } = scope

const tea = { item: 'Tea', quantity: 2 }
const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

async function data(): Promise<ShopData> {
  const made = await shopData()
  undo.push(made.remove)
  return made
}

async function shop(where: ShopData, options?: ShopOptions) {
  const started = await startShop(where, options)
  undo.push(() => started.kill('SIGKILL'))
  return started
}

/** Somebody with a browser of their own, in which pages may be opened. */
async function person(): Promise<BrowserContext & { readonly complaints: string[] }> {
  const context = await scope.browser.newContext()
  const complaints: string[] = []
  context.on('page', (page) => {
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(String(error)))
  })
  return Object.assign(context, { complaints })
}

async function open(context: BrowserContext, url: string, name?: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(url)
  if (name !== undefined) {
    await page.getByLabel('Your name').fill(name)
    await page.getByRole('button', { name: 'Sign in' }).click()
  }
  await page.locator('#state[data-state=live]').waitFor()
  return page
}

async function place(page: Page, item: string, quantity: number): Promise<void> {
  await page.getByLabel('Item').selectOption(item)
  await page.getByLabel('Quantity').fill(String(quantity))
  await page.getByRole('button', { name: 'Place the order' }).click()
}

const notifications = (page: Page) => page.locator('#notifications li')

describe('the shop', () => {
  test('tells every page of who ordered, and of nobody else, and tells it again after a reload', async () => {
    const where = await data()
    const { url } = await shop(where)
    const [ada, eve] = [await person(), await person()]
    const first = await open(ada, url, 'ada')
    const second = await open(ada, url)
    const other = await open(eve, url, 'eve')

    await place(first, 'Tea', 2)
    for (const page of [second, first]) await notifications(page).getByText('2 × Tea is on its way').waitFor()
    await place(second, 'Cake', 1)
    await notifications(first).getByText('1 × Cake').waitFor()

    await first.reload()
    await notifications(first).getByText('2 × Tea is on its way').waitFor()
    await notifications(first).getByText('1 × Cake').waitFor()
    expect(await notifications(first).allTextContents()).toHaveLength(2)
    expect(await notifications(other).count()).toBe(0)
    const mails = await readdir(join(where.dir, 'outbox'))
    expect(mails).toHaveLength(2)
    const texts = await Promise.all(mails.map((name) => readFile(join(where.dir, 'outbox', name), 'utf8')))
    expect(texts.sort()).toEqual([
      'To: ada@example.com\nSubject: Your order\n\n1 × Cake is on its way.\n',
      'To: ada@example.com\nSubject: Your order\n\n2 × Tea is on its way.\n',
    ])

    // Somebody else's channel is nobody's to ask for.
    const status = await other.evaluate(async () => (await fetch('/sse?channel=users.ada')).status)
    expect(status).toBe(403)
    expect(ada.complaints).toEqual([])

    // For people to look at.
    const shots = join(tmpdir(), 'millrace-shop')
    await mkdir(shots, { recursive: true })
    for (const colorScheme of ['light', 'dark'] as const) {
      await first.emulateMedia({ colorScheme })
      await first.screenshot({ path: join(shots, `${colorScheme}.png`) })
    }
  })

  test('says in the page what is wrong with an order', async () => {
    const { url } = await shop(await data())
    const page = await open(await person(), url, 'ada')
    await page.getByLabel('Quantity').evaluate((input) => input.removeAttribute('max'))
    await place(page, 'Tea', 100)
    await page.getByRole('alert').getByText('quantity').waitFor()

    await page.setViewportSize({ width: 320, height: 640 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0)
  })

  test('asks who somebody is once it was started anew, and goes on', async () => {
    const where = await data()
    const first = await shop(where)
    const page = await open(await person(), first.url, 'ada')
    await place(page, 'Tea', 2)
    await notifications(page).getByText('2 × Tea').waitFor()
    await first.kill('SIGTERM')
    expect(first.ended).toBe(0)
    await page.locator('#state[data-state=away]').waitFor()

    await shop(where, { port: first.port })
    await page.getByLabel('Your name').fill('ada')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.locator('#state[data-state=live]').waitFor()
    await place(page, 'Cake', 1)
    await notifications(page).getByText('1 × Cake').waitFor()
    expect(await notifications(page).count()).toBe(2)
  })

  test('confirms what was ordered although it was killed in between', async () => {
    const where = await data()
    const before = await shop(where, { work: false })
    expect(await orderAs(before, 'ada', tea)).toEqual([200, 202])
    await before.kill('SIGKILL')
    const after = await shop(where)

    await until('the mail', async () => after.output.includes('Mail to ada@example.com: Your order') || undefined)
    expect(await readdir(join(where.dir, 'outbox'))).toHaveLength(1)
  })

  test('leaves its jobs to a worker of their own, with a Redis that both publish through', async () => {
    const redis = await startRedis()
    undo.push(() => redis.stop())
    const where = await data()
    const { url } = await shop(where, { work: false, redis: redis.url })
    const worker = await startWorker(where, redis.url)
    undo.push(() => worker.kill('SIGKILL'))
    const page = await open(await person(), url, 'ada')

    await place(page, 'Coffee', 3)
    await notifications(page).getByText('3 × Coffee is on its way').waitFor()
    await until('what it prints', async () => worker.output.includes('Mail to ada@example.com') || undefined)
    await worker.kill('SIGTERM')
    expect(worker.ended).toBe(0)
  })

  test('leaves what it cannot confirm to be looked at and tried again, by the command line', async () => {
    const where = await data()
    const running = await shop(where)
    expect(await orderAs(running, 'nobody', tea)).toEqual([200, 202])
    await until('the failure', async () => running.output.includes('gave up') || undefined)

    const millrace = async (...args: string[]) => {
      const env = { ...process.env, DATA: where.dir, REDIS_URL: '' }
      return (await promisify(execFile)(process.execPath, [command, ...args], { cwd: folder, env })).stdout
    }
    expect(await millrace('failed', 'list')).toMatch(
      /confirm-order\s+OrderPlaced\s.*No such mailbox: nobody@example\.com/,
    )
    expect(await millrace('list')).toContain('confirm-order  OrderPlaced  queued: default, 3 attempts')
    await millrace('failed', 'retry', '--all')
    await until('the second failure', async () => running.output.split('gave up').length > 2 || undefined)
  })

  test.for([
    ['an order of nobody', 401, '/orders', tea],
    ['a name that is none', 422, '/session', { user: 'A. da' }],
    ['a name in no object', 422, '/session', ['ada']],
    ['no JSON', 400, '/session', undefined],
  ] as const)('answers %s with %i', async ([, status, path, body]) => {
    const { url } = await shop(await data())
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body) ?? '{',
    })
    expect(response.status).toBe(status)
  })
})
