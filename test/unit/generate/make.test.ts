import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Config } from '../../../src/config/config.ts'
import { type Made, makeChannel, makeEvent, makeListener } from '../../../src/generate/make.ts'

const application = `import { createEvents, createHub } from 'millrace'

export const hub = createHub({ channels: [] })
export const events = createEvents()
`

let folder: string

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'millrace-make-')))
  await write({ 'package.json': '{ "type": "module" }', 'push.js': application })
})

afterEach(() => rm(folder, { recursive: true }))

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}

const place = (config: Partial<Config> = {}, app = 'push.js') => ({ app: join(folder, app), config, base: folder })

/** The text of a file as it would be. */
function textOf({ plan }: Made, path: string): string | undefined {
  return plan.steps.find((step) => step.path === join(folder, path))?.after
}

const paths = ({ plan, project }: Made) => plan.steps.map(({ path }) => project.show(path))

const event = "import { defineEvent } from 'millrace'\nexport const OrderPlaced = defineEvent('OrderPlaced')\n"
const typescript = { 'tsconfig.json': '{ "compilerOptions": { "module": "nodenext" } }', 'push.ts': application }

describe('what is made', () => {
  test('stands where the configuration says, named as it says, without a test where it wants none', () => {
    const made = makeEvent(place({ events: 'shop/events', fileNames: 'snake_case', tests: false }), 'OrderPlaced', [])

    expect(paths(made)).toEqual(['shop/events/order_placed.js', 'push.js'])
    expect(textOf(made, 'push.js')).toContain("export { OrderPlaced } from './shop/events/order_placed.js'")
  })

  test('stands in the folder that is given', () => {
    expect(paths(makeChannel({ ...place(), folder: join(folder, 'lib') }, 'news', { isPrivate: false }))).toEqual([
      'lib/news.js',
      'lib/news.test.js',
      'push.js',
    ])
  })

  test('has a test for the runner of the application, also one that only its scripts name, as in a monorepo', async () => {
    await write({ 'package.json': '{ "type": "module", "scripts": { "test": "vitest run" } }' })

    expect(textOf(makeEvent(place(), 'OrderPlaced', []), 'events/order-placed.test.js')).toContain("from 'vitest'")
  })

  test('is named as most of the files that are there', async () => {
    await write({ 'lib/mailServer.js': 'a()', 'lib/priceList.js': 'a()', 'lib/other-file.js': 'a()' })

    expect(paths(makeEvent(place(), 'OrderPlaced', []))).toContain('events/orderPlaced.js')
  })

  test('is in the style of what is there', async () => {
    await write({
      'push.js': application.replaceAll("'", '"').replace(/\)$/gm, ');'),
      'a.js': 'a();\nif (b) {\n\tc("d");\n}\n',
    })

    const made = makeListenerOn(await withEvent())

    expect(textOf(made, 'listeners/mail-receipt.js')).toContain('\n\treturn (event) => {\n\t\ttell(`')
    expect(textOf(made, 'push.js')).toContain('events.listen(OrderPlaced, mailReceipt(), { id: "mail-receipt" });')
  })

  test('is never written over what is there', async () => {
    await write({ 'events/order-placed.test.js': '// mine\n' })

    expect(() => makeEvent(place(), 'OrderPlaced', [])).toThrow(
      expect.objectContaining({ code: 'file_exists', message: expect.stringContaining('order-placed.test.js') }),
    )
    expect(await readdir(join(folder, 'events'))).toEqual(['order-placed.test.js'])
  })

  test('has no test where jest could not load it, and that is said', async () => {
    await write({ 'package.json': '{ "devDependencies": { "jest": "^30.0.0" } }', 'push.js': application })
    const isNew = Number(process.versions.node.split('.')[0]) > 24

    const made = makeEvent(place(), 'OrderPlaced', [])

    if (isNew) expect(made.plan.notes).toEqual([])
    else {
      expect(paths(made)).toEqual(['events/order-placed.js', 'push.js'])
      expect(made.plan.notes).toEqual([expect.stringContaining('--experimental-vm-modules')])
    }
  })
})

async function withEvent(): Promise<string> {
  await write({ 'contract.js': event })
  return 'OrderPlaced'
}

function makeListenerOn(name: string, isQueued = false): Made {
  return makeListener(place(), 'MailReceipt', name, isQueued)
}

describe('an event', () => {
  test.for([
    ['zod', '^4.0.0', 'z.object({ order: z.string(), total: z.number() })'],
    ['valibot', '^1.0.0', 'v.object({ order: v.string(), total: v.number() })'],
    ['arktype', '^2.0.0', "type({ order: 'string', total: 'number' })"],
  ])('has a schema of %s where that is there', async ([name = '', range = '', schema = '']) => {
    await write({ 'package.json': JSON.stringify({ type: 'module', dependencies: { [name]: range } }) })

    const made = makeEvent(place(), 'OrderPlaced', [
      { name: 'order', type: 'string' },
      { name: 'total', type: 'number' },
    ])

    expect(textOf(made, 'events/order-placed.js')).toContain(`defineEvent('OrderPlaced', ${schema})`)
    expect(textOf(made, 'events/order-placed.test.js')).toContain('data_invalid')
  })

  test.for([
    ['another zod', '{ "dependencies": { "zod": "^3.20.0" }, "type": "module" }'],
    ['nothing', '{ "type": "module" }'],
  ])('has a type where %s is there', async ([, manifest = '']) => {
    await write({ ...typescript, 'package.json': manifest })

    const made = makeEvent(place({}, 'push.ts'), 'OrderPlaced', [])

    expect(textOf(made, 'events/order-placed.ts')).toContain("defineEvent<{ message: string }>('OrderPlaced')")
    expect(textOf(made, 'events/order-placed.test.ts')).not.toContain('data_invalid')
  })

  test('of a name that there is, wherever it is, is not made', async () => {
    await withEvent()

    expect(() => makeEvent(place(), 'OrderPlaced', [])).toThrow(
      expect.objectContaining({ code: 'file_exists', message: expect.stringContaining('in contract.js') }),
    )
  })
})

describe('a listener', () => {
  test('is registered behind those that there are, and imports the event from where it is', async () => {
    await write({
      'push.js': `${application}\nevents.listen('*', () => {\n  console.log(';')\n})\n\nexport default 5\n`,
    })

    const made = makeListenerOn(await withEvent(), true)

    expect(textOf(made, 'push.js')).toBe(`import { createEvents, createHub } from 'millrace'
import { OrderPlaced } from './contract.js'
import { mailReceipt } from './listeners/mail-receipt.js'

export const hub = createHub({ channels: [] })
export const events = createEvents()

events.listen('*', () => {
  console.log(';')
})
events.listen(OrderPlaced, mailReceipt(), {
  id: 'mail-receipt',
  queue: { attempts: 5, backoff: [1_000, 5_000] },
})

export default 5
`)
  })

  test('publishes on a channel that takes anything, and not on another', async () => {
    await withEvent()
    const define = (name: string, call: string) =>
      `import { defineChannel } from 'millrace'\nexport const ${name} = defineChannel(${call})\n`
    await write({
      'a.js': define('orders', "'orders', { events: [OrderPlaced] }"),
      'b.js': define('rooms', "'rooms.{room}'"),
    })

    expect(textOf(makeListenerOn('OrderPlaced'), 'listeners/mail-receipt.js')).toContain('console.log')

    await write({ 'c.js': define('all', "'all'") })
    const made = makeListenerOn('OrderPlaced')

    expect(textOf(made, 'listeners/mail-receipt.js')).toContain('hub.publish(all(), event)')
    expect(textOf(made, 'listeners/mail-receipt.test.js')).toContain('hub.assertPublished(all(), OrderPlaced)')
  })

  test('is tested with a stand-in where nobody knows what its event takes', async () => {
    await write({ ...typescript, 'contract.ts': "export const OrderPlaced = defineEvent('OrderPlaced', schema)\n" })

    const made = makeListener(place({}, 'push.ts'), 'MailReceipt', 'OrderPlaced', false)

    expect(textOf(made, 'listeners/mail-receipt.test.ts')).toContain('as unknown as EventOf<typeof OrderPlaced>')
  })

  test('of an event that there is not names those that there are', async () => {
    await withEvent()

    expect(() => makeListenerOn('OrderPaid')).toThrow(
      expect.objectContaining({ code: 'event_unknown', message: expect.stringContaining('There are OrderPlaced.') }),
    )
  })

  test('is registered by hand where the application module makes its events otherwise', async () => {
    await withEvent()
    await write({ 'push.js': "export { events, hub } from './elsewhere.js'\n" })

    const { plan } = makeListenerOn('OrderPlaced')

    expect(plan.todos).toMatchObject([
      {
        what: 'register mailReceipt',
        code: expect.stringMatching(/^import \{ OrderPlaced \}[\s\S]*\nevents\.listen\(OrderPlaced, mailReceipt/),
      },
    ])
    expect(plan.steps.map(({ path }) => path)).not.toContain(join(folder, 'push.js'))
  })
})

describe('a channel', () => {
  test.for([
    ['rooms.{room}', 'rooms', 'channels/rooms.js'],
    ['{shop}.orders.{order}', 'orders', 'channels/orders.js'],
    ['users.{user}.mail', 'usersMail', 'channels/users-mail.js'],
    ['news-*', 'news', 'channels/news.js'],
  ])('%s is called %s', ([pattern = '', name, path = '']) => {
    const made = makeChannel(place(), pattern, { isPrivate: false })

    expect(textOf(made, path)).toContain(`export const ${name} = defineChannel('${pattern}')`)
    expect(textOf(made, 'push.js')).toContain(`channels: [${name}]`)
  })

  test('without a word in it needs a name', () => {
    expect(() => makeChannel(place(), '{room}', { isPrivate: false })).toThrow('--name')
    expect(textOf(makeChannel(place(), '{room}', { isPrivate: false, name: 'rooms' }), 'push.js')).toContain('[rooms]')
  })

  test.for(['rooms.{room', 'a b', "a'b", ''])('is not made of %j', (pattern) => {
    expect(() => makeChannel(place(), pattern, { isPrivate: false, name: 'a' })).toThrow()
  })

  test('that is private lets nobody in', () => {
    const made = makeChannel(place(), 'rooms.{room}', { isPrivate: true })

    expect(textOf(made, 'channels/rooms.js')).toContain('authorize: () => false')
    expect(textOf(made, 'channels/rooms.test.js')).toContain("{ code: 'channel_forbidden' }")
  })

  test('is given to the hub by hand where its channels are elsewhere', async () => {
    await write({ 'push.js': 'export const hub = createHub(options)\nexport const events = createEvents()\n' })

    expect(makeChannel(place(), 'news', { isPrivate: false }).plan.todos).toMatchObject([
      { what: 'give news to the hub' },
    ])
  })
})
