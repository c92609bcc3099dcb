// @ts-check
// The whole client: the browser's own EventSource, and nothing to install.

const byId = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id))
const signIn = /** @type {HTMLFormElement} */ (byId('sign-in'))
const order = /** @type {HTMLFormElement} */ (byId('order'))
const list = byId('notifications')
const state = byId('state')
const problem = byId('problem')

/** The orders that are shown: the same notification may come again, as after the server has lost its log. */
const shown = new Set()

/** @param {string} user */
function open(user) {
  signIn.hidden = true
  order.hidden = byId('inbox').hidden = false
  byId('user').textContent = user
  connect(user)
}

/** @param {string} user */
function connect(user) {
  // With what was kept of the last week. A connection that is lost the browser makes anew by itself, from where it was.
  const source = new EventSource(`/sse?channel=users.${user}&since=7d`)
  source.addEventListener('open', () => show('live', 'Live'))
  source.addEventListener('error', () => {
    show('away', 'Reconnecting')
    // Any answer but 200 is final for it, such as 403 where the server was restarted and knows nobody any more.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => void start(), 2000)
  })
  source.addEventListener('Notified', ({ data }) => notify(JSON.parse(data)))
}

/** @param {{ order: string, text: string, at: number }} notification */
function notify({ order, text, at }) {
  if (shown.has(order)) return
  shown.add(order)
  const time = document.createElement('time')
  time.dateTime = new Date(at).toISOString()
  time.textContent = new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
  const item = document.createElement('li')
  item.dataset.order = order
  item.append(time, document.createTextNode(text))
  list.prepend(item)
  byId('count').textContent = String(shown.size)
  byId('empty').hidden = true
}

/**
 * @param {string} value
 * @param {string} text
 */
function show(value, text) {
  state.dataset.state = value
  state.textContent = text
}

/**
 * @param {string} path
 * @param {object} body
 */
async function post(path, body) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.problem)
  return answer
}

/**
 * @param {HTMLFormElement} form
 * @param {(values: FormData) => Promise<void>} run
 */
function onSubmit(form, run) {
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    problem.textContent = ''
    run(new FormData(form)).catch((error) => {
      problem.textContent = error instanceof TypeError ? 'The server cannot be reached.' : error.message
    })
  })
}

onSubmit(signIn, async (values) => open((await post('/session', { user: values.get('user') })).user))
onSubmit(order, async (values) => {
  await post('/orders', { item: values.get('item'), quantity: Number(values.get('quantity')) })
})

async function start() {
  const response = await fetch('/session').catch(() => undefined)
  if (response === undefined || !response.ok) {
    setTimeout(() => void start(), 2000)
    return
  }
  const { user } = await response.json()
  if (user !== null) return open(user)
  show('away', '')
  order.hidden = byId('inbox').hidden = true
  signIn.hidden = false
  signIn.querySelector('input')?.focus()
}

void start()
