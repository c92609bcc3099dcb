import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

/** Leaves everything as it is: jobs that wait, a client that is connected, a recording that goes on. */
const program = `
  import { createEvents, defineChannel, defineEvent } from 'millrace'
  import { fakeEvents, manualClock, recordEvents, testHub } from 'millrace/testing'

  const Placed = defineEvent('Placed')
  const clock = manualClock()
  const events = fakeEvents({ clock })
  events.listen(Placed, () => {}, { id: 'now', queue: true })
  events.listen(Placed, () => {}, { id: 'later', queue: { delay: 60_000, timeout: 5_000 } })
  await events.dispatch(Placed())
  await events.runJobs()
  await events.dispatch(Placed())

  const hub = testHub({ channels: [defineChannel('news')], clock })
  const client = await hub.connect('news')
  await hub.publish('news', 'Hello')
  await client.next()

  const own = createEvents()
  const recording = recordEvents(own)
  await own.dispatch(Placed())
  recording.assertDispatchedTimes(Placed, 1)

  await new Promise((resolve) => setImmediate(resolve))
  console.log(JSON.stringify(process.getActiveResourcesInfo().filter((name) => !/^(TTY|Pipe|File)Wrap$/.test(name))))
`

test('what millrace/testing gives leaves no handle and no timer, and the process ends by itself', async () => {
  const cwd = fileURLToPath(new URL('../../..', import.meta.url))
  const args = ['--input-type=module', '--eval', program]

  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd, timeout: 20_000 })

  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toEqual([])
})
