import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { HttpReply } from '../http/exchange.ts'
import { style } from './page-style.ts'

/** The script and what it imports, as it was built: modules of these folders, which know no Node. */
const module = /^\/page\/((?:(?:base|sse)\/[a-z-]+|server\/page-script)\.js)$/
const built = new URL('../', import.meta.url)

const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Millrace</title>
<link rel="icon" href="data:,">
<style>${style}</style>
<script type="module" src="/page/server/page-script.js"></script>
<header>
  <h1>Millrace</h1>
  <output id="state" data-state="closed">closed</output>
</header>
<main>
  <form id="subscribe">
    <label>Channels <input name="channels" value="messages" required autocapitalize="none" autocomplete="off" spellcheck="false"></label>
    <label>Since <input name="since" placeholder="10m" size="6" autocapitalize="none" autocomplete="off"></label>
    <button>Subscribe</button>
  </form>
  <form id="publish">
    <label>Channel <input name="channel" value="messages" required autocapitalize="none" autocomplete="off" spellcheck="false"></label>
    <label>Event <input name="event" placeholder="none" size="10" autocapitalize="none" autocomplete="off" spellcheck="false"></label>
    <label class="wide">Data, JSON or text <textarea name="data" rows="2" spellcheck="false">{"message":"Hello"}</textarea></label>
    <button>Publish</button>
    <output id="answer"></output>
  </form>
  <ol id="messages" aria-live="polite" aria-label="Messages"></ol>
  <p id="empty">No messages yet. Publish one above, or from a terminal:<br><code>millrace publish messages Hello</code></p>
</main>
</html>
`

/**
 * Nothing but what this server itself sends, and no script or style that was written into the page.
 * `data:` is for the empty icon, without which browsers ask for one.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** The page to try a hub with, at `/`, and the modules of its script; undefined for every other path. */
export async function pageReply(path: string): Promise<HttpReply | undefined> {
  if (path === '/') return reply('text/html; charset=utf-8', html)
  const name = module.exec(path)?.[1]
  if (name === undefined) return undefined
  const code = await readFile(new URL(name, built), 'utf8').catch(() => undefined)
  // The map is not served, and the browser's tools would complain.
  return code === undefined ? undefined : reply('text/javascript; charset=utf-8', code.replace(/^\/\/# source.*$/m, ''))
}

function reply(type: string, body: string): HttpReply {
  return {
    status: 200,
    headers: {
      'content-type': type,
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    },
    body,
  }
}
