import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { launchChromium } from '../support/chromium.ts'

export interface BrowserScope {
  /** The one browser of this file's tests. */
  readonly browser: Browser
  /** What a test must undo, run after it, the latest first. */
  readonly undo: (() => unknown)[]
}

export function browserScope(): BrowserScope {
  let browser: Browser | undefined
  const undo: (() => unknown)[] = []

  beforeAll(async () => {
    browser = await launchChromium()
  })

  afterAll(() => browser?.close())

  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step()
  })

  return {
    get browser() {
      if (browser === undefined) throw new Error('The browser is there while tests run')
      return browser
    },
    undo,
  }
}
