import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { run } from './command.ts'

const root = new URL('../../../', import.meta.url)
const flags: Record<string, readonly string[]> = {
  serve: [
    ...[
      '--port',
      '--host',
      '--redis',
      '--data',
      '--relay',
      '--relay-prefix',
      '--publish-wait',
      '--min-replicas',
      '--history',
      '--max-subscribers',
      '--public',
      '--cors',
      '--dev',
    ],
    ...['--no-compress', '--conflate', '--disconnect', '--workers', '--json', 'PORT', 'REDIS_URL'],
  ],
  publish: ['--event', '--key', '--id', '--wait', '--url', '--redis', '--history', '--json', 'MILLRACE_URL'],
  init: ['--framework', '--app', '--server', '--dry-run', '--json'],
  'make event': ['--app', '--dir', '--no-test', '--dry-run', '--json'],
  'make listener': ['--event', '--queued', '--app', '--dir', '--no-test', '--dry-run', '--json'],
  'make channel': ['--private', '--name', '--app', '--dir', '--no-test', '--dry-run', '--json'],
  list: ['--app', '--json'],
  subscribe: ['--url', '--since', '--last-event-id', '--count', '--json', 'MILLRACE_URL'],
  work: [
    ...['--app', '--queue', '--concurrency', '--timeout', '--stop-when-empty', '--max-jobs', '--max-time', '--quiet'],
    '--json',
  ],
  queues: ['--app', '--json'],
}

test.for(Object.entries(flags))(
  '%s --help and docs/cli.md have every flag and variable',
  async ([command, expected]) => {
    const { code, stdout } = await run([...command.split(' '), '--help'])
    const documentation = await readFile(new URL('docs/cli.md', root), 'utf8')
    const section = documentation.split(/^## /m).find((text) => text.startsWith(`\`millrace ${command}`)) ?? ''

    expect(code).toBe(0)
    for (const flag of expected) expect(stdout).toMatch(new RegExp(`${flag}\\b`))
    expect(stdout).toMatch(/Examples:\n[\s\S]*Exit codes: 0 done, 1 failed, 2 not understood/)
    const inHelp = stdout.match(/(?<=^ +(?:-\w, )?)--[a-z-]+/gm) ?? []
    expect(inHelp.filter((flag) => flag !== '--help' && !expected.includes(flag))).toEqual([])
    expect(expected.filter((flag) => !section.includes(flag))).toEqual([])
  },
)

test('prints its version', async () => {
  const { version } = JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as { version: string }

  expect(await run(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` })
})

test('prints its help, and on stderr where nothing was asked for', async () => {
  const asked = await run(['--help'])
  const bare = await run([])

  expect(asked).toMatchObject({ code: 0, stdout: expect.stringContaining('Examples:'), stderr: '' })
  expect(bare).toMatchObject({ code: 2, stdout: '', stderr: asked.stdout })
})

test('suggests the command that was meant', async () => {
  expect(await run(['subscrib'])).toMatchObject({ code: 2, stderr: expect.stringContaining('Did you mean subscribe?') })
  expect(await run(['serve', '--prot', '1'])).toMatchObject({ code: 2, stderr: expect.stringContaining('--port') })
})

test('has no colours where the output is not a terminal', async () => {
  const { stderr } = await run(['publish', 'a', 'b', '--url', 'http://127.0.0.1:1025'])

  expect(stderr).toMatch(/^error: [ -~]+\n$/)
})
