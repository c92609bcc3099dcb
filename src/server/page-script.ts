import { controlEvents, controlPrefix, parseGap } from '../sse/control.ts'
import type { ParsedEvent } from '../sse/parse.ts'
import { events } from '../sse/stream.ts'

// Runs in the browser. It reads the stream by itself and not with an EventSource, which shows no event whose name it was not told.

/** Older messages are dropped from the page. */
const maxShown = 500
const mostWait = 30_000

type State = 'closed' | 'connecting' | 'open' | 'waiting' | 'refused'

const subscribe = element('subscribe', HTMLFormElement)
const publish = element('publish', HTMLFormElement)
const state = element('state', HTMLOutputElement)
const answer = element('answer', HTMLOutputElement)
const messages = element('messages', HTMLOListElement)
let current = new AbortController()

subscribe.addEventListener('submit', (event) => {
  event.preventDefault()
  begin()
})
publish.addEventListener('submit', (event) => {
  event.preventDefault()
  send().catch((error: unknown) => tell(String(error), true))
})
begin()

function begin(): void {
  current.abort()
  current = new AbortController()
  messages.replaceChildren()
  const { signal } = current
  read(signal).catch((error: unknown) => {
    if (signal.aborted) return
    show('refused', 'refused')
    note(error instanceof Error ? error.message : String(error))
  })
}

/** Reads until `signal` aborts or the hub refuses, and connects again with the last id whenever the stream ends. */
async function read(signal: AbortSignal): Promise<void> {
  let lastEventId = ''
  let retry = 2_000
  let failures = 0
  for (;;) {
    show('connecting', 'connecting')
    const response = await fetch(streamUrl(), {
      signal,
      headers: lastEventId === '' ? {} : { 'last-event-id': lastEventId },
    }).catch(() => undefined)
    if (signal.aborted) return
    if (response?.ok === true && response.body !== null) {
      show('open', 'open')
      failures = 0
      const options = {
        lastEventId,
        onId: (id: string) => {
          lastEventId = id
        },
        onRetry: (ms: number) => {
          retry = ms
        },
      }
      try {
        for await (const event of events(response.body, options)) take(event)
      } catch (error) {
        if (!signal.aborted) console.debug('The stream was lost.', error)
      }
      if (signal.aborted) return
    } else if (response !== undefined && response.status < 500) {
      throw new Error(await detailOf(response))
    }
    const wait = Math.min(mostWait, retry * 2 ** failures++)
    show('waiting', `connecting again in ${Math.ceil(wait / 1000)} s`)
    await new Promise((resolve) => setTimeout(resolve, wait))
    if (signal.aborted) return
  }
}

function streamUrl(): string {
  const fields = new FormData(subscribe)
  const query = new URLSearchParams({ channel: text(fields, 'channels').replace(/\s*,\s*/g, ',') })
  const since = text(fields, 'since')
  if (since !== '') query.set('since', since)
  return `/sse?${query}`
}

async function send(): Promise<void> {
  const fields = new FormData(publish)
  const event = text(fields, 'event')
  const message = { channel: text(fields, 'channel'), data: parse(text(fields, 'data')), ...(event && { event }) }
  const response = await fetch('/publish', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(message),
  })
  if (!response.ok) tell(await detailOf(response), true)
  else tell(`published at ${((await response.json()) as { id: string | null }).id ?? 'no position: it is not kept'}`)
}

function take({ event, channels, data }: ParsedEvent): void {
  if (event === controlEvents.gap) {
    const gap = parseGap(data)
    note(`Messages on ${gap.channels.join(', ')} can no longer be had: ${gap.reason}.`)
  } else if (!event.startsWith(controlPrefix)) {
    add(channels.join(', '), event === 'message' ? '' : event, data)
  }
}

function note(message: string): void {
  add('', '', message).className = 'note'
}

/** Only ever as text: what is published may be meant to be markup. */
function add(channel: string, event: string, data: string): HTMLElement {
  const item = document.createElement('li')
  const head = document.createElement('header')
  const time = new Date().toLocaleTimeString()
  for (const [tag, content] of Object.entries({ b: channel, span: event, time })) {
    head.appendChild(document.createElement(tag)).textContent = content
  }
  item.append(head)
  item.appendChild(document.createElement('pre')).textContent = data
  messages.prepend(item)
  while (messages.children.length > maxShown) messages.lastElementChild?.remove()
  return item
}

function show(name: State, what: string): void {
  state.dataset.state = name
  state.value = what
}

function tell(what: string, isFailure = false): void {
  answer.value = what
  answer.toggleAttribute('data-failed', isFailure)
}

async function detailOf(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => ({}))) as { detail?: string }
  return problem.detail ?? `The hub answered ${response.status}.`
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    // Not JSON, and so text.
    return data
  }
}

function text(fields: FormData, name: string): string {
  return String(fields.get(name) ?? '').trim()
}

function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new Error(`The page has no ${id}.`)
  return found
}
