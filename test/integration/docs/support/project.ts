import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const root = fileURLToPath(new URL('../../../..', import.meta.url))

/** What a project of a reader has installed besides us. */
const packages = ['express', 'zod', 'valibot', 'redis', 'pg', '@types/pg', '@types/express', '@types/node', 'vitest']

const compilerOptions = {
  target: 'ES2023',
  module: 'NodeNext',
  moduleResolution: 'NodeNext',
  lib: ['ES2023', 'DOM', 'DOM.Iterable'],
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
  skipLibCheck: true,
  rewriteRelativeImportExtensions: true,
}

/** A folder such as a reader would make, in which `millrace` is installed. */
export interface Project {
  readonly dir: string
  write(file: string, text: string): Promise<void>
  /** Compiles every `.ts` file beside itself. Rejects with what the compiler has to say. */
  compile(): Promise<void>
  remove(): Promise<void>
}

export async function createProject(): Promise<Project> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-docs-'))
  const write = async (file: string, text: string) => {
    await mkdir(dirname(join(dir, file)), { recursive: true })
    await writeFile(join(dir, file), text)
  }
  await mkdir(join(dir, 'node_modules/@types'), { recursive: true })
  for (const name of packages) await symlink(join(root, 'node_modules', name), join(dir, 'node_modules', name))
  await symlink(root, join(dir, 'node_modules/millrace'))
  await write('package.json', JSON.stringify({ type: 'module' }))
  await write('tsconfig.json', JSON.stringify({ compilerOptions }))
  return {
    dir,
    write,
    async compile() {
      const compiler = join(root, 'node_modules/typescript/bin/tsc')
      try {
        await promisify(execFile)(process.execPath, [compiler, '-p', dir], { cwd: dir })
      } catch (error) {
        throw new Error(`It does not compile:\n${(error as { readonly stdout?: string }).stdout}`, { cause: error })
      }
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  }
}
