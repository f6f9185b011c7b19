/**
 * Compares the fuses of a packaged app with build/electron-builder.ts: `node scripts/packaging/read-fuses.ts PROGRAM`, where
 * PROGRAM is the app's executable (or .app). Exit code 1 and one line a difference; `--driven` expects a build for the test
 * driver.
 */

import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses'

/** Every fuse that Electron has today; one that is new is a difference until it stands here. */
const EXPECTED: Readonly<Record<keyof typeof FuseV1Options, boolean>> = {
  RunAsNode: false,
  EnableCookieEncryption: true,
  EnableNodeOptionsEnvironmentVariable: false,
  EnableNodeCliInspectArguments: process.argv.includes('--driven'),
  EnableEmbeddedAsarIntegrityValidation: true,
  OnlyLoadAppFromAsar: true,
  LoadBrowserProcessSpecificV8Snapshot: false,
  GrantFileProtocolExtraPrivileges: false,
  WasmTrapHandlers: true,
}

const program = process.argv[2]
if (program === undefined) throw new Error('Name the program to look into.')
const wire = await getCurrentFuseWire(program)
for (const [name, isOn] of Object.entries(EXPECTED)) {
  const state = wire[FuseV1Options[name as keyof typeof FuseV1Options]]
  const isRight = state === (isOn ? FuseState.ENABLE : FuseState.DISABLE)
  console.log(`${isRight ? 'ok     ' : 'WRONG  '} ${name}: ${state === undefined ? 'missing' : FuseState[state]}`)
  if (!isRight) process.exitCode = 1
}
