// @ts-check
import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import express from 'express'
import { MillraceError } from 'millrace'
import { sse } from 'millrace/express'
import { events, hub } from './app.js'
import { OrderPlaced, user } from './contract.js'
import { openSession, userOf } from './sessions.js'

const { PORT = '3000', HOST = 'localhost' } = process.env

const app = express()
app.disable('x-powered-by')
app.use((_request, response, next) => {
  // Nothing from elsewhere, nothing inline: text that somebody wrote has no way of becoming code.
  response.set('content-security-policy', "default-src 'self'; img-src data:; frame-ancestors 'none'")
  next()
})
app.use(express.static(fileURLToPath(new URL('public', import.meta.url))))
app.get('/sse', sse(hub))

app.get('/session', (request, response) => {
  response.json({ user: userOf(request.headers.cookie) ?? null })
})

// Only JSON, which a page of another site cannot send without asking.
app.post('/session', express.json(), (request, response) => {
  const { success, data, error } = user.safeParse(request.body?.user)
  if (!success) {
    response.status(422).json({ problem: error.issues[0]?.message })
    return
  }
  response.cookie('session', openSession(data), { httpOnly: true, sameSite: 'strict' })
  response.json({ user: data })
})

app.post('/orders', express.json(), async (request, response) => {
  const user = userOf(request.headers.cookie)
  if (user === undefined) {
    response.status(401).json({ problem: 'Sign in first.' })
    return
  }
  const order = randomUUID()
  const { item, quantity } = request.body ?? {}
  await events.dispatch(OrderPlaced({ order, user, item, quantity }))
  response.status(202).json({ order })
})

/** @type {express.ErrorRequestHandler} */
const answerFault = (error, _request, response, _next) => {
  const isWrong = error instanceof MillraceError && error.code === 'data_invalid'
  const status = isWrong ? 422 : (error.status ?? 500)
  if (status === 500) console.error(error)
  response.status(status).json({ problem: isWrong ? error.message : 'This did not work. Try again.' })
}
app.use(answerFault)

const server = app.listen(Number(PORT), HOST, (error) => {
  if (error) throw error
  console.log(`The shop is at http://${HOST}:${PORT}`)
})

async function close() {
  server.close()
  await Promise.race([events.close({ timeout: 2000 }), setTimeout(3000, undefined, { ref: false })])
  await hub.close({ drain: 500 })
  server.closeAllConnections()
}

process.once('SIGINT', close).once('SIGTERM', close)
