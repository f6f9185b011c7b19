import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'
import { build } from 'vite'
import type { Plugin } from 'vite'
import { copyModels } from './scripts/copy-models.mjs'

/** The face models and the wasm backend lie beside the bundles, checked against their pinned hashes. */
const models = (): Plugin => ({
  name: 'copy-models',
  apply: 'build',
  async closeBundle() {
    await copyModels('out/models')
  },
})

const EXTERNAL = ['electron', 'keytar', 'ffmpeg-static', '@ffmpeg-installer/ffmpeg', '@ffprobe-installer/ffprobe']
const OUTPUT = { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' } as const

/**
 * The worker and the small processes, in a folder of their own: a packaged app keeps them outside its archive, and the
 * archive's seal is to hold for all that the main process runs.
 */
const helpers = (): Plugin => ({
  name: 'build-helpers',
  apply: 'build',
  async closeBundle() {
    await build({
      configFile: false,
      logLevel: 'warn',
      ssr: { noExternal: true, external: ['sharp'] },
      // libheif is written as CommonJS and asks where it lies.
      define: { __dirname: 'import.meta.dirname', __filename: 'import.meta.filename' },
      build: {
        ssr: true,
        target: 'node24',
        outDir: 'out/helpers',
        emptyOutDir: true,
        // The animator's worker holds a whole tensor library: one large file is what it should be.
        chunkSizeWarningLimit: 4000,
        rolldownOptions: {
          input: {
            'animator-worker': 'src/main/core/animator/worker.ts',
            'probe-process': 'src/main/core/media/probe-process.ts',
            'keychain-process': 'src/main/core/secrets/keychain-process.ts',
          },
          external: EXTERNAL,
          output: OUTPUT,
        },
      },
    })
  },
})

export default defineConfig({
  main: {
    plugins: [models(), helpers()],
    build: {
      target: 'node24',
      chunkSizeWarningLimit: 4000,
      // The main bundle is whole: what package.json lists under dependencies is native and stays external.
      rolldownOptions: {
        input: {
          index: 'src/main/index.ts',
          cli: 'src/main/cli.ts',
        },
        external: EXTERNAL,
        output: OUTPUT,
      },
    },
  },
  preload: {
    build: {
      externalizeDeps: false,
      // A sandboxed preload must be CommonJS.
      rolldownOptions: {
        input: { index: 'src/preload/index.ts' },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: 'src/renderer',
    plugins: [react()],
    build: {
      outDir: 'out/renderer',
      minify: true,
      chunkSizeWarningLimit: 1500,
      // No inlined data: URLs, so that the content security policy needs no exception.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: { input: { index: 'src/renderer/index.html' } },
    },
  },
})
