import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { CountReporter } from './tests/count-reporter.ts'
import { SlowFirst } from './tests/slow-first.ts'

/** The ffmpeg that comes with the packages: the same on every machine, and it starts in a tenth of the time of a distribution's. */
const ffmpeg = resolve(import.meta.dirname, 'node_modules/@ffmpeg-installer/linux-x64/ffmpeg')

/** Files that may share a process with others: what they start lies in folders of its own and ends with them. */
const together = [
  ...['src', 'tests/bad-input', 'tests/contracts', 'tests/media', 'tests/paid', 'tests/storage'].map(
    (folder) => `${folder}/**/*.test.{ts,tsx}`,
  ),
  // The shell's suite loads the whole app into its own process.
  'tests/e2e/!(electron-shell).test.ts',
]

export default defineConfig({
  plugins: [react()],
  resolve: {
    // Electron's package throws where its binary is missing, and nothing under test may reach it by accident.
    alias: { electron: new URL('./tests/fixtures/no-electron.ts', import.meta.url).pathname },
  },
  test: {
    environment: 'node',
    // Lent to the cores under test; suites of media and of the animator also take the system's own, where there is one.
    env: existsSync(ffmpeg) ? { FFMPEG_PATH: process.env['FFMPEG_PATH'] ?? ffmpeg } : {},
    projects: [
      // A new process and all modules anew for each file took as long as many of the tests.
      { extends: true, test: { name: 'together', include: together, isolate: false } },
      { extends: true, test: { name: 'alone', include: ['tests/**/*.test.ts'], exclude: together } },
    ],
    globalSetup: ['tests/global-setup.ts'],
    reporters: ['default', new CountReporter()],
    // Two cores, and suites that often wait: for a vendor's clock, a browser, a process that ends. CI takes its time.
    maxWorkers: process.env['CI'] ? 3 : 6,
    maxConcurrency: 3,
    sequence: { sequencer: SlowFirst },
    // The log of a machine's run names each file and what failed; a person also wants to see what was slow.
    ...(process.env['CI'] === undefined || process.env['CI'] === '' ? {} : { slowTestThreshold: 600_000 }),
    // A defect waits for ever; a busy machine only takes its time.
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
})
