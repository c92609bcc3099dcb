import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { startGuarded } from '../../support/guarded-process.ts'
import { type RedisServer, startRedis } from '../../support/redis.ts'
import { redisCommand } from '../../support/redis-command.ts'
import { openStream, run, serve } from '../cli/command.ts'
import { createSpansFile, type WrittenSpan } from './support/spans-file.ts'

const shop = fileURLToPath(new URL('support/shop.js', import.meta.url))
const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`

let redis: RedisServer

beforeAll(async () => {
  redis = await startRedis()
})

afterAll(() => redis.stop())

function node(args: readonly string[], env: Readonly<Record<string, string>>) {
  return promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env }, timeout: 20_000 })
}

test('what follows from a dispatch is one trace, over its own process, the worker, and every hub that delivers', async () => {
  const file = await createSpansFile()
  const hubs = [
    await serve(['--public', 'users.{user}', '--redis', redis.url], file.env),
    await serve(['--public', 'users.{user}', '--redis', redis.url], file.env),
  ]
  const streams = await Promise.all(hubs.map(({ url }) => openStream(url, 'users.7')))

  await node([shop, 'place', redis.url, 'secret-17'], file.env)
  // Only now, so that the job has been in Redis alone.
  const env = Object.entries(file.env).map(([name, value]) => `${name}=${value}`)
  const worker = await startGuarded('/usr/bin/env', [...env, process.execPath, shop, 'work', redis.url], '')
  onTestFinished(() => worker.kill('SIGKILL'))
  for (const { events } of streams) expect((await events.next()).value?.data).toBe('{"order":"secret-17"}')
  const spans = await file.until('deliver users.{user}', 'deliver users.{user}', 'process mails')

  expect(new Set(spans.map((span) => span.trace)).size).toBe(1)
  const parentOf = ({ parent }: WrittenSpan) => spans.find(({ id }) => id === parent)?.name
  expect(new Set(spans.map((span) => `${parentOf(span)} > ${span.name}`))).toEqual(
    new Set([
      'undefined > POST /orders',
      'POST /orders > dispatch OrderPlaced',
      'dispatch OrderPlaced > publish mails',
      'publish mails > process mails',
      'process mails > listener tell-customer',
      'listener tell-customer > send mail',
      'listener tell-customer > publish users.{user}',
      'publish users.{user} > deliver users.{user}',
    ]),
  )
  const processesOf = (name: string) => new Set(spans.filter((span) => span.name === name).map((span) => span.process))
  expect(processesOf('deliver users.{user}')).toEqual(new Set(hubs.map(({ pid }) => pid)))
  expect(processesOf('process mails')).toEqual(new Set([worker.pid]))
  expect(processesOf('dispatch OrderPlaced')).not.toEqual(processesOf('process mails'))
  expect(JSON.stringify(spans)).not.toContain('secret')
})

test('a publish by HTTP goes on in the trace of its request, also from one worker of a hub to another', async () => {
  const file = await createSpansFile()
  const { url } = await serve(['--dev', '--workers', '2'], file.env)
  const streams = await Promise.all(Array.from({ length: 6 }, () => openStream(url, 'news')))

  const response = await fetch(`${url}/publish`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent, tracestate: 'other=1' },
    body: '{"channel":"news","data":1}',
  })
  expect(response.status).toBe(200)
  for (const { events } of streams) await events.next()
  const spans = await file.until('publish *', 'deliver *')

  expect(spans.every(({ trace, state }) => trace === 'a'.repeat(32) && state === 'other=1')).toBe(true)
  const publish = spans.find(({ name }) => name === 'publish *')
  expect(publish?.parent).toBe('b'.repeat(16))
  const delivered = spans.filter(({ name }) => name === 'deliver *')
  expect(delivered.every(({ parent }) => parent === publish?.id)).toBe(true)
})

test('a program in any language hands its trace to Redis, and a hub that does not trace passes it by', async () => {
  const file = await createSpansFile()
  const quiet = await serve(['--public', 'news', '--redis', redis.url])
  const traced = await serve(['--public', 'news', '--redis', redis.url], file.env)
  const streams = await Promise.all([quiet, traced].map(({ url }) => openStream(url, 'news')))

  const options = JSON.stringify({ channels: ['news'], trace: { traceparent } })
  await redisCommand(redis, ['FCALL', 'millrace_append', '1', 'millrace:', options, 'x'])
  for (const { events } of streams) expect((await events.next()).value?.data).toBe('x')

  const [deliver] = await file.until('deliver news')
  expect(deliver).toMatchObject({ trace: 'a'.repeat(32), parent: 'b'.repeat(16), process: traced.pid })
})

test('nothing is carried by programs that do not trace', async () => {
  await run(['publish', 'plain', '1', '--redis', redis.url])
  const [[, fields] = []] = (await redisCommand(redis, ['XRANGE', 'millrace:stream:plain', '-', '+'])) as [
    string,
    string[],
  ][]
  expect(fields?.filter((_, index) => index % 2 === 0)).toEqual(['p', 'd', 'o'])
})

test('millrace alone does not load OpenTelemetry', async () => {
  const refuse = `export function resolve(name, context, next) {
    if (name.startsWith('@opentelemetry')) throw new Error('It loads ' + name)
    return next(name, context)
  }`
  const register = `import { register } from 'node:module'
    register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(refuse)}`)})`
  const load = (door: string) =>
    node(
      [
        '--import',
        `data:text/javascript,${encodeURIComponent(register)}`,
        '--input-type=module',
        '-e',
        `await import('${door}')`,
      ],
      {},
    )
  await Promise.all(['millrace', 'millrace/node', 'millrace/redis', 'millrace/disk', 'millrace/testing'].map(load))
  await expect(load('millrace/opentelemetry')).rejects.toThrow('It loads @opentelemetry/api')
})
