import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

/** Counts of one run. Errors outside tests (a file that fails to import, an unhandled rejection) count as failed. */
export class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      counts.failed += module.errors().length
      for (const suite of module.children.allSuites()) counts.failed += suite.errors().length
      for (const test of module.children.allTests()) {
        const state = test.result().state
        if (state === 'passed') counts.passed += 1
        else if (state === 'failed') counts.failed += 1
        else counts.skipped += 1
      }
    }
    const target = process.env['STUDIO_TEST_COUNTS']
    if (target === undefined) console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
    else writeFileSync(target, JSON.stringify(counts))
  }
}
