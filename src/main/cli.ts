#!/usr/bin/env node
import { runCli } from './hosts/cli/cli.ts'

// The web server is loaded by those who ask for one.
await runCli(import.meta.url, async (options) => (await import('./hosts/web/serve.ts')).serve(options))
