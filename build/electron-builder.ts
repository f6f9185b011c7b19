import type { Configuration } from 'electron-builder'
import { provideTools, toolsDirOf } from './provide-tools.ts'

/**
 * Installers for macOS, Windows and Linux (docs/releasing.md). From the environment: GITHUB_REPOSITORY names the releases
 * that the app tells of; STUDIO_DRIVEN=1 makes a build for the test driver, which is never released; STUDIO_MAINTAINER
 * stands in the .deb.
 */
const { GITHUB_REPOSITORY: repository, STUDIO_DRIVEN, STUDIO_MAINTAINER } = process.env
const isDriven = STUDIO_DRIVEN === '1'

/** Kinds of files that "open with" offers the app for; it takes none of them over. */
const OPENS = [
  { name: 'Picture', ext: ['jpg', 'jpeg', 'png', 'bmp', 'webp', 'heic', 'avif'] },
  { name: 'Sound', ext: ['wav', 'mp3', 'm4a', 'flac', 'ogg', 'opus'] },
  { name: 'Video', ext: ['mp4', 'mov', 'webm'] },
]
const MIME_TYPES = [
  ...['jpeg', 'png', 'bmp', 'webp', 'heic', 'avif'].map((name) => `image/${name}`),
  ...['x-wav', 'mpeg', 'mp4', 'flac', 'ogg'].map((name) => `audio/${name}`),
  ...['mp4', 'quicktime', 'webm'].map((name) => `video/${name}`),
]

/** Of the packages, only what runs: native parts and what they load. Everything else is in the bundles already. */
const PACKAGES = ['@img', 'detect-libc', 'keytar', 'semver', 'sharp']

const config: Configuration = {
  appId: 'studio.liveportrait.app',
  productName: 'LivePortrait Studio',
  copyright: 'Copyright © 2026 LivePortrait Studio contributors',
  artifactName: 'liveportrait-studio-${version}-${os}-${arch}.${ext}',
  directories: { output: 'dist', buildResources: 'build' },
  files: [
    'package.json',
    'LICENSE',
    'NOTICE',
    'out/{helpers,main,models,preload,renderer}/**',
    // The command line and its browser host run on a Node of the person's own.
    '!out/main/cli.js',
    'resources/{icons,licences,samples}/**',
    'resources/face-models.json',
    `!node_modules/!(${PACKAGES.join('|')})/**`,
    '!node_modules/{sharp,keytar}/{src,install}/**',
    '!node_modules/keytar/build/Release/obj*/**',
    '!node_modules/keytar/build/{Makefile,binding.Makefile,config.gypi,*.mk,gyp-*}',
    '!**/{*.d.ts,*.d.mts,*.d.cts,*.map,binding.gyp}',
  ],
  asar: true,
  // What threads, processes and programs of others open: they know nothing of archives. With the manifest, because it
  // says that the scripts are modules.
  asarUnpack: [
    'package.json',
    'node_modules/**',
    'out/{helpers,models}/**',
    'resources/{icons,samples}/**',
    'resources/face-models.json',
  ],
  extraResources: [{ from: toolsDirOf('${os}', '${arch}'), to: 'bin' }],
  extraMetadata: {
    ...(repository === undefined ? {} : { releasesOf: repository, homepage: `https://github.com/${repository}` }),
    ...(isDriven ? { isDriven } : {}),
  },
  electronFuses: {
    runAsNode: false,
    enableCookieEncryption: true,
    enableNodeOptionsEnvironmentVariable: false,
    // Playwright's driver comes in through the inspector.
    enableNodeCliInspectArguments: isDriven,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    loadBrowserProcessSpecificV8Snapshot: false,
    grantFileProtocolExtraPrivileges: false,
    resetAdHocDarwinSignature: true,
  },
  electronLanguages: ['en', 'en-US', 'en_GB', 'en-GB', 'zh_CN', 'zh-CN', 'zh_TW', 'zh-TW'],
  // The native parts speak Node-API: one build loads in every Node and Electron.
  npmRebuild: false,
  publish: null,
  beforePack: (context) => provideTools(context),
  mac: {
    category: 'public.app-category.video',
    target: ['dmg', 'zip'],
    icon: 'build/icon.icns',
    hardenedRuntime: true,
    gatekeeperAssess: false,
    entitlements: 'build/entitlements.mac.plist',
    entitlementsInherit: 'build/entitlements.mac.plist',
    notarize: true,
    minimumSystemVersion: '13.0',
    fileAssociations: OPENS.map(({ name, ext }) => ({ name, ext, role: 'Viewer', rank: 'Alternate' })),
  },
  dmg: { writeUpdateInfo: false },
  win: { target: ['nsis'], icon: 'build/icon.ico', requestedExecutionLevel: 'asInvoker' },
  nsis: {
    oneClick: true,
    perMachine: false,
    allowElevation: false,
    packElevateHelper: false,
    deleteAppDataOnUninstall: false,
    differentialPackage: false,
    license: 'LICENSE',
    include: 'build/open-with.nsh',
  },
  linux: {
    target: ['AppImage', 'deb'],
    icon: 'build/icons',
    category: 'AudioVideo',
    synopsis: 'Turns portraits into talking videos',
    maintainer: STUDIO_MAINTAINER ?? 'LivePortrait Studio contributors <noreply@example.invalid>',
    mimeTypes: MIME_TYPES,
  },
}

export default config
