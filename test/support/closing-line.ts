import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/**
 * Ends a run with `N passed, N failed, N skipped`, alone on a line and without colour, for those that read it by program.
 *
 * A file that failed before or beside its tests counts as one failure, and so does an error that no test caught: a run
 * with an exit code other than 0 never closes on `0 failed`.
 */
export class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    let passed = 0
    let failed = errors.length
    let skipped = 0
    for (const module of modules) {
      const before = failed
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') passed++
        else if (state === 'failed') failed++
        else skipped++
      }
      if (failed === before && module.state() === 'failed') failed++
    }
    if (modules.length === 0) failed++
    process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
  }
}
