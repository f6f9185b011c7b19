#!/usr/bin/env node
import { runCli } from './hosts/cli/cli.ts'
import { serve } from './hosts/web/serve.ts'

await runCli(import.meta.url, serve)
