import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { onTestFinished } from 'vitest'
import type { SpanPlace } from '../../../support/spans.ts'
import { until } from '../../../support/until.ts'

export interface WrittenSpan extends SpanPlace {
  readonly process: number
  readonly state?: string
  readonly attributes: Readonly<Record<string, unknown>>
}

/** Where the spans of several processes come together. */
export interface SpansFile {
  /** What makes a program written in Node trace into it. */
  readonly env: Readonly<Record<string, string>>
  /** All there are, once each of these names is there as often as it is named here. */
  until(...names: readonly string[]): Promise<readonly WrittenSpan[]>
}

const setUp = fileURLToPath(new URL('tracing.js', import.meta.url))

export async function createSpansFile(): Promise<SpansFile> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-spans-'))
  const file = join(dir, 'spans')
  await writeFile(file, '')
  onTestFinished(() => rm(dir, { recursive: true }))
  return {
    env: { NODE_OPTIONS: `--import=${pathToFileURL(setUp)}`, SPANS_FILE: file },
    until: (...names) =>
      until(`the spans ${names.join(', ')}`, async () => {
        const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1)
        const spans = lines.map((line) => JSON.parse(line) as WrittenSpan)
        const left = spans.map(({ name }) => name)
        for (const name of names) {
          const at = left.indexOf(name)
          if (at < 0) return undefined
          left.splice(at, 1)
        }
        return spans
      }),
  }
}
