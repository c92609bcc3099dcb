import { type Browser, chromium } from 'playwright-core'

/** Debian's own; set CHROMIUM to use another. */
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** A real, headless Chromium that talks to nobody but the test. Close it with `browser.close()`. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      // The sandbox needs rights that root in a container does not have.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
