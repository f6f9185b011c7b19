import { defineConfig } from 'vitest/config'
import { CountReporter } from './tests/count-reporter.ts'

/** The long fault suites: `npm run test:faults`. */
export default defineConfig({
  test: {
    environment: 'node',
    include: ['tests/faults/killed-paid.test.ts', 'tests/faults/paid/*.faults.ts'],
    globalSetup: ['tests/global-setup.ts'],
    reporters: ['verbose', new CountReporter()],
    // The programs under test wait for the vendor most of the time.
    maxWorkers: 4,
    env: { STUDIO_FAULTS_REPEATS: '20' },
    maxConcurrency: 3,
    testTimeout: 3_000_000,
    hookTimeout: 120_000,
  },
})
