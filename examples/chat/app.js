// @ts-check
// The whole client: the browser's own EventSource, and nothing to install.

/**
 * @typedef {{ id: string, room: string, author: string, name: string, text: string, at: number }} Message
 * @typedef {{ room: string, name: string, tab: string }} Writing
 * @typedef {{ name: string, list: HTMLOListElement, keys: Set<string>, last: Message | undefined,
 *   writing: Map<string, number>, unread: number, link: HTMLAnchorElement }} Room
 */

const topics = new Map([
  ['lobby', 'Come in and say hello'],
  ['workshop', 'What are you building?'],
  ['garden', 'Anything else, in the open air'],
])

const keptOnPage = 1000
const writingShownFor = 5000
const writingToldEvery = 2500

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id))
const log = byId('log')
const state = byId('state')
const problem = byId('problem')
const newer = byId('newer')
const composer = /** @type {HTMLFormElement} */ (byId('composer'))
const textInput = /** @type {HTMLTextAreaElement} */ (byId('text'))
const nameInput = /** @type {HTMLInputElement} */ (byId('name'))

/** Messages from before it were said while nobody looked: they are no news. */
let newsSince = Date.now()
/** Not the browser's but this page's: somebody with two pages open sees in one that the other writes. */
const tab = randomId()
const me = remember()
/** @type {Map<string, Room>} */
const rooms = new Map()
let current = openRoom('lobby')

// --- The stream ----------------------------------------------------------------------------------------------------

/** @type {EventSource | undefined} */
let source
let lastEventId = ''
let failures = 0
let retry = 0

function connect() {
  clearTimeout(retry)
  source?.close()
  const query = new URLSearchParams()
  for (const room of rooms.keys()) {
    query.append('channel', `rooms.${room}`)
    query.append('channel', `typing.${room}`)
  }
  // What was said today before this page opened. A cursor, where there is one, goes before it.
  query.set('since', '1d')
  if (lastEventId !== '') query.set('last_event_id', lastEventId)

  source = new EventSource(`/sse?${query}`)
  source.addEventListener('open', () => {
    failures = 0
    showState('live', 'Live')
    // What comes from here on is news, and read out.
    log.setAttribute('aria-live', 'polite')
  })
  source.addEventListener('error', () => {
    showState('reconnecting', 'Reconnecting')
    // A lost connection the browser makes anew by itself. Any answer but 200, such as the 502 of a proxy during a deploy, is
    // final for it: then we do, from the last id that we have seen.
    if (source?.readyState !== EventSource.CLOSED) return
    clearTimeout(retry)
    retry = window.setTimeout(connect, Math.min(1000 * 2 ** failures++, 15_000) * (0.5 + Math.random() / 2))
  })
  receive('NewMessage', (/** @type {Message} */ message) => {
    const room = rooms.get(message.room)
    if (room !== undefined) addMessage(room, message)
  })
  receive('Typing', (/** @type {Writing} */ { room, name, tab: writer }) => {
    if (writer !== tab) showWriting(rooms.get(room), name)
  })
  receive('millrace:gap', (/** @type {{ channels: string[], reason: string }} */ { channels, reason }) => {
    for (const room of rooms.values()) if (channels.includes(`rooms.${room.name}`)) addGap(room, reason)
  })
}

/**
 * @template Data
 * @param {string} event
 * @param {(data: Data) => void} run
 */
function receive(event, run) {
  source?.addEventListener(event, (message) => {
    if (message.lastEventId !== '') lastEventId = message.lastEventId
    run(JSON.parse(message.data))
  })
}

/** Does not wait for the timer when there is reason to think that it would work now. */
function connectIfClosed() {
  if (document.visibilityState === 'visible' && source?.readyState === EventSource.CLOSED) connect()
}

function showState(/** @type {string} */ value, /** @type {string} */ text) {
  // Until it has been live once it is connecting, whatever happens.
  if (value === 'reconnecting' && state.dataset.state === 'connecting') return
  state.dataset.state = value
  state.textContent = text
}

// --- Messages ------------------------------------------------------------------------------------------------------

function addMessage(/** @type {Room} */ room, /** @type {Message} */ message) {
  // By the message's own id: a page that comes back without a cursor is sent the day's messages again.
  if (room.keys.has(message.id)) return
  room.keys.add(message.id)
  stopWriting(room, message.name)

  const isMine = message.author === me.author
  const { last } = room
  if (last === undefined || dayOf(last.at) !== dayOf(message.at)) {
    room.list.append(element('li', 'day', element('span', '', dayOf(message.at))))
  }
  const follows =
    last !== undefined &&
    room.list.lastElementChild?.classList.contains('message') === true &&
    last.author === message.author &&
    last.name === message.name &&
    message.at - last.at < 5 * 60_000

  const item = element('li', `message${isMine ? ' mine' : ''}${follows ? ' follows' : ''}`)
  item.dataset.id = message.id
  const time = element('time', '', timeOf(message.at))
  time.setAttribute('datetime', new Date(message.at).toISOString())
  time.title = new Date(message.at).toLocaleString()
  const text = element('p', 'text', message.text)
  text.dir = 'auto'
  const name = element('span', isMine ? 'name unseen' : 'name', isMine ? 'You' : message.name)
  if (!isMine && !follows) item.append(paint(element('span', 'avatar', initialOf(message.name)), message.name))
  item.append(element('p', follows ? 'meta unseen' : 'meta', name, time), text)
  room.list.append(item)
  room.last = message
  trim(room)

  const isSeen = room === current && !document.hidden
  if (!isMine && !isSeen && message.at > newsSince) {
    room.unread++
    showUnread(room)
  }
  if (room === current) followEnd(isMine && message.at > newsSince)
}

function addGap(/** @type {Room} */ room, /** @type {string} */ reason) {
  // Told again after a reconnect, with nothing in between, it is the same gap.
  if (room.list.lastElementChild?.className === 'gap') return
  const text = reason === 'expired' ? 'Some earlier messages are no longer kept' : 'Some messages may be missing here'
  room.list.append(element('li', 'gap', text))
  if (room === current) followEnd(false)
}

function trim(/** @type {Room} */ room) {
  while (room.list.childElementCount > keptOnPage) {
    const oldest = /** @type {HTMLElement} */ (room.list.firstElementChild)
    if (oldest.dataset.id !== undefined) room.keys.delete(oldest.dataset.id)
    oldest.remove()
  }
}

// --- Who is writing ------------------------------------------------------------------------------------------------

function showWriting(/** @type {Room | undefined} */ room, /** @type {string} */ name) {
  if (room === undefined) return
  clearTimeout(room.writing.get(name))
  room.writing.set(
    name,
    window.setTimeout(() => stopWriting(room, name), writingShownFor),
  )
  renderWriting(room)
}

function stopWriting(/** @type {Room} */ room, /** @type {string} */ name) {
  clearTimeout(room.writing.get(name))
  if (room.writing.delete(name)) renderWriting(room)
}

function renderWriting(/** @type {Room} */ room) {
  room.link.classList.toggle('busy', room.writing.size > 0)
  if (room !== current) return
  const names = [...room.writing.keys()]
  const who =
    names.length > 2 ? `${names.length} people are` : `${names.join(' and ')} ${names.length > 1 ? 'are' : 'is'}`
  const dots = element('span', 'dots', element('i'), element('i'), element('i'))
  byId('writing').replaceChildren(...(names.length === 0 ? [] : [dots, `${who} writing…`]))
}

let tellTimer = 0
let toldAt = 0

/** After a moment, so that a short message that is sent at once does not come before the news that it is being written. */
function tellWriting() {
  if (tellTimer !== 0 || textInput.value.trim() === '') return
  const wait = Math.max(200, toldAt + writingToldEvery - Date.now())
  tellTimer = window.setTimeout(() => {
    tellTimer = 0
    toldAt = Date.now()
    // Nobody misses it if it does not arrive.
    if (textInput.value.trim() !== '') post('typing', { name: me.name, tab }).catch(() => {})
  }, wait)
}

// --- Sending -------------------------------------------------------------------------------------------------------

/** What may have been sent and may not: under the same id it can be sent again and is still one message. */
let unsent = { id: '', room: '', text: '' }

async function send() {
  const text = textInput.value.trim()
  if (text === '') return
  const isAgain = unsent.room === current.name && unsent.text === text
  const draft = { id: isAgain ? unsent.id : randomId(), room: current.name, text }
  unsent = { id: '', room: '', text: '' }
  clearTimeout(tellTimer)
  tellTimer = toldAt = 0
  problem.textContent = ''
  textInput.value = ''
  fitText()
  try {
    await post('messages', { id: draft.id, author: me.author, name: me.name, text })
  } catch (error) {
    unsent = draft
    problem.textContent = error instanceof Refused ? error.message : 'Not sent: the server cannot be reached.'
    if (textInput.value === '') textInput.value = text
    fitText()
  }
}

class Refused extends Error {}

async function post(/** @type {'messages' | 'typing'} */ what, /** @type {object} */ body) {
  const response = await fetch(`/rooms/${current.name}/${what}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  })
  if (!response.ok) throw new Refused(`Not sent: ${await response.text()}`)
}

/** As high as its text, up to what the style allows. */
function fitText() {
  textInput.style.height = 'auto'
  textInput.style.height = `${textInput.scrollHeight}px`
}

// --- Rooms ---------------------------------------------------------------------------------------------------------

function openRoom(/** @type {string} */ name) {
  const link = element('a', '', element('span', 'hash', '#'), element('span', 'label', name), element('span', 'badge'))
  link.href = `#${name}`
  byId('rooms').append(element('li', '', link))
  const list = element('ol')
  /** @type {Room} */
  const room = { name, list, link, keys: new Set(), last: undefined, writing: new Map(), unread: 0 }
  rooms.set(name, room)
  return room
}

/** The room in the address, which may be one that nobody has been to yet. */
function enterRoom() {
  const asked = location.hash.slice(1).toLowerCase()
  const name = /^[a-z0-9-]{1,32}$/.test(asked) ? asked : 'lobby'
  const isNew = !rooms.has(name)
  current = rooms.get(name) ?? openRoom(name)
  for (const room of rooms.values()) {
    if (room === current) room.link.setAttribute('aria-current', 'page')
    else room.link.removeAttribute('aria-current')
  }
  current.link.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  byId('room').textContent = name
  byId('topic').textContent = topics.get(name) ?? 'A room of its own: share its address'
  problem.textContent = ''
  // It is not news that this room's messages are here.
  const live = log.getAttribute('aria-live') ?? 'off'
  log.setAttribute('aria-live', 'off')
  log.replaceChildren(current.list, emptyState())
  window.setTimeout(() => log.setAttribute('aria-live', live), 500)
  markRead()
  renderWriting(current)
  followEnd(true)
  if (isNew && source !== undefined) startOver()
}

/** Another set of channels has another history: everything is read from the log again. */
function startOver() {
  for (const room of rooms.values()) {
    room.list.replaceChildren()
    room.keys.clear()
    room.last = undefined
  }
  lastEventId = ''
  newsSince = Date.now()
  connect()
}

function markRead() {
  if (document.hidden) return
  current.unread = 0
  showUnread(current)
}

function showUnread(/** @type {Room} */ room) {
  const badge = /** @type {HTMLElement} */ (room.link.lastElementChild)
  const count = room.unread > 99 ? '99+' : String(room.unread)
  badge.replaceChildren(...(room.unread === 0 ? [] : [count, element('span', 'unseen', ' unread')]))
  const total = [...rooms.values()].reduce((sum, { unread }) => sum + unread, 0)
  document.title = `${total > 0 ? `(${total}) ` : ''}#${current.name} · Millrace chat`
}

function emptyState() {
  return element(
    'div',
    'empty',
    /** @type {SVGElement} */ (document.querySelector('.mark')).cloneNode(true),
    element('p', 'lead', 'Nothing here yet'),
    element('p', '', 'Say something. Open this page in a second window and see it arrive there.'),
  )
}

// --- Scrolling -----------------------------------------------------------------------------------------------------

let isAtEnd = true

/** Shows the newest message, but does not take anyone away from what they are reading further up. */
function followEnd(/** @type {boolean} */ always) {
  if (always) isAtEnd = true
  newer.hidden = isAtEnd
  if (isAtEnd) requestAnimationFrame(() => isAtEnd && log.scrollTo(0, log.scrollHeight))
}

log.addEventListener('scroll', () => {
  isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 48
  if (isAtEnd) newer.hidden = true
})
new ResizeObserver(() => isAtEnd && followEnd(true)).observe(log)
newer.addEventListener('click', () => followEnd(true))

// --- Small things --------------------------------------------------------------------------------------------------

/**
 * Text goes in as text: nothing that somebody wrote is ever read as HTML.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 * @param {...(Node | string)} children
 */
function element(tag, className = '', ...children) {
  const made = document.createElement(tag)
  if (className !== '') made.className = className
  made.append(...children)
  return made
}

/** A colour of their own for everybody, from the name. */
function paint(/** @type {HTMLElement} */ avatar, /** @type {string} */ name) {
  let hash = 7
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 360
  avatar.style.setProperty('--hue', String(hash))
  avatar.setAttribute('aria-hidden', 'true')
  return avatar
}

function initialOf(/** @type {string} */ name) {
  return (Array.from(name)[0] ?? '?').toUpperCase()
}

function timeOf(/** @type {number} */ at) {
  return new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
}

function dayOf(/** @type {number} */ at) {
  const day = new Date(at)
  const yesterday = new Date()
  yesterday.setDate(yesterday.getDate() - 1)
  if (day.toDateString() === new Date().toDateString()) return 'Today'
  if (day.toDateString() === yesterday.toDateString()) return 'Yesterday'
  return day.toLocaleDateString([], { weekday: 'long', day: 'numeric', month: 'long' })
}

/** Not `crypto.randomUUID`: browsers have that only on https and localhost, and a phone comes by the machine's address. */
function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function randomName() {
  const pick = (/** @type {string[]} */ words) => words[Math.floor(Math.random() * words.length)]
  const quality = pick(['Amber', 'Brisk', 'Calm', 'Clever', 'Gentle', 'Merry', 'Quiet', 'Silver', 'Sunny', 'Swift'])
  return `${quality} ${pick(['Badger', 'Crane', 'Finch', 'Fox', 'Hare', 'Heron', 'Otter', 'Robin', 'Wren', 'Lynx'])}`
}

/** Who we were last time. */
function remember() {
  try {
    const { author, name } = JSON.parse(localStorage.getItem('millrace-chat') ?? '{}')
    if (/^[0-9a-f]{32}$/.test(author) && typeof name === 'string' && name !== '') return { author, name }
  } catch {
    // Storage is switched off, or holds something else: then we are new.
  }
  return { author: randomId(), name: randomName() }
}

function saveMe() {
  me.name = nameInput.value.trim() || me.name
  nameInput.value = me.name
  const avatar = byId('my-avatar')
  avatar.textContent = initialOf(me.name)
  paint(avatar, me.name)
  try {
    localStorage.setItem('millrace-chat', JSON.stringify(me))
  } catch {
    // Then this name lasts as long as the page.
  }
}

// --- Start ---------------------------------------------------------------------------------------------------------

composer.addEventListener('submit', (event) => {
  event.preventDefault()
  void send()
  textInput.focus()
})
textInput.addEventListener('keydown', (event) => {
  // Not the Enter that ends the composition of a Japanese word.
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
  event.preventDefault()
  composer.requestSubmit()
})
textInput.addEventListener('input', () => {
  fitText()
  tellWriting()
})
nameInput.addEventListener('change', saveMe)
nameInput.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !event.isComposing) textInput.focus()
})
addEventListener('hashchange', enterRoom)
addEventListener('online', connectIfClosed)
// Back from the browser's cache of pages, where connections are closed.
addEventListener('pageshow', connectIfClosed)
document.addEventListener('visibilitychange', () => {
  markRead()
  connectIfClosed()
})

nameInput.value = me.name
saveMe()
for (const name of topics.keys()) if (!rooms.has(name)) openRoom(name)
enterRoom()
connect()
// Where there is a keyboard, and it does not cover half of the page.
if (matchMedia('(hover: hover)').matches) textInput.focus()
