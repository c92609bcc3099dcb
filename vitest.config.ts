import { availableParallelism } from 'node:os'
import { delimiter } from 'node:path'
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { ClosingLine } from './test/support/closing-line.ts'

export default defineConfig({
  test: {
    // Tests start processes, send signals and open sockets: each file has a process of its own.
    pool: 'forks',
    // They wait more than they work: for servers to start, for time to pass. By default a machine of two cores runs one at a time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    retry: 0,
    // Debian keeps nginx where only root looks.
    env: { PATH: `${process.env.PATH}${delimiter}/usr/sbin` },
    reporters: ['default', new ClosingLine()],
    projects: [
      project('unit', 5_000, {
        // Type tests: `*.test-d.ts`. What tsc says of other files is for `npm run build` and `npm run check` to say.
        typecheck: { enabled: true, include: ['test/unit/**/*.test-d.ts'], ignoreSourceErrors: true },
      }),
      project('contract', 30_000),
      project('integration', 30_000),
      project('browser', 30_000),
      project('chaos', 240_000),
    ],
  },
})

type ProjectConfig = TestProjectInlineConfiguration['test']

/** The tests in `test/<name>`. A test that needs longer says so itself. */
function project(name: string, testTimeout: number, more: ProjectConfig = {}): TestProjectInlineConfiguration {
  const include = [`test/${name}/**/*.test.ts`]
  return { extends: true, test: { name, include, testTimeout, hookTimeout: 30_000, ...more } }
}
