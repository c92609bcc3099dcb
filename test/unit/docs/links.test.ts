import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))

test('every link from page to page leads somewhere', async () => {
  const broken: string[] = []
  for (const page of await pages()) {
    const text = withoutCode(await readFile(page, 'utf8'))
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const [path = '', anchor] = target.split('#')
      const file = path === '' ? page : join(dirname(page), path)
      const isThere =
        existsSync(file) && (anchor === undefined || anchorsOf(await readFile(file, 'utf8')).includes(anchor))
      if (!isThere) broken.push(`${relative(root, page)}: ${target}`)
    }
  }

  expect(broken).toEqual([])
})

async function pages(): Promise<string[]> {
  const found: string[] = []
  for (const folder of ['.', 'docs', 'decisions', 'examples/chat', 'examples/notifications']) {
    for (const name of await readdir(join(root, folder))) if (name.endsWith('.md')) found.push(join(root, folder, name))
  }
  return found
}

function withoutCode(text: string): string {
  return text.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, '')
}

/** As GitHub makes them of headings. */
function anchorsOf(text: string): string[] {
  return [...text.replace(/^```.*?^```/gms, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
