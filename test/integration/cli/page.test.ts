import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium } from '../../support/chromium.ts'
import { post, serve } from './command.ts'

let browser: Browser

beforeAll(async () => {
  browser = await launchChromium()
})
afterAll(() => browser.close())

test('the page of --dev publishes, and shows what is published, of whatever name', async () => {
  const { url } = await serve(['--dev'])
  const page = await browser.newPage({ viewport: { width: 360, height: 740 } })
  const complaints: string[] = []
  page.on('console', (message) => void complaints.push(message.text()))
  page.on('pageerror', (error) => void complaints.push(String(error)))
  await page.goto(url)
  await page.locator('#state[data-state=open]').waitFor()

  await page.getByRole('button', { name: 'Publish' }).click()
  await page.locator('li').nth(0).waitFor()
  await post(url, { channel: 'messages', data: '<img src=x onerror=alert(1)>', event: 'Other' })
  await page.locator('li').nth(1).waitFor()

  expect(await page.locator('li pre').allTextContents()).toEqual([
    '<img src=x onerror=alert(1)>',
    '{"message":"Hello"}',
  ])
  expect(await page.locator('li span').allTextContents()).toEqual(['Other', ''])
  expect(await page.locator('#answer').textContent()).toMatch(/^published at \d+-\d+$/)
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360)

  await page.locator('[name=channels]').fill('a b')
  await page.getByRole('button', { name: 'Subscribe' }).click()
  await page.locator('#state[data-state=refused]').waitFor()
  expect(await page.locator('li pre').allTextContents()).toEqual([expect.stringContaining('white space')])
  // The browser itself tells of the refusal that was asked for here.
  expect(complaints.filter((text) => !text.includes('400'))).toEqual([])
})

test('the page of --dev says when the hub is gone', async () => {
  const hub = await serve(['--dev'])
  const page = await browser.newPage({ colorScheme: 'dark' })
  await page.goto(hub.url)
  await page.locator('#state[data-state=open]').waitFor()

  await hub.kill('SIGTERM')

  await page.locator('#state[data-state=waiting]').waitFor()
  expect(await page.locator('#state').textContent()).toMatch(/connecting again in \d s/)
})
