import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { generations, paidWorld } from '../fixtures/paid-core.ts'
import { quickEngine } from '../fixtures/quick-engine.ts'
import { tempFolder } from '../fixtures/temp-folder.ts'
import { makePicture, makeVoice, testCore } from '../fixtures/test-core.ts'

const MIB = 1_048_576

/** A disk of its own; null where this user may not mount one. */
function mountDisk(folder: string, sizeMib: number): string | null {
  mkdirSync(folder, { recursive: true })
  const { status } = spawnSync('/bin/mount', ['-t', 'tmpfs', '-o', `size=${sizeMib}m`, 'none', folder])
  if (status !== 0) return null
  onTestFinished(() => {
    spawnSync('/bin/umount', ['-l', folder])
  })
  return folder
}

const canMount = process.platform === 'linux' && process.getuid?.() === 0
if (!canMount) console.warn('Skipped: full disks (only root can mount a small one).')

describe.skipIf(!canMount)('a disk that is full', () => {
  test('is told before anything is rendered, and the job is made when there is room', async ({ skip }) => {
    const root = tempFolder()
    const disk = mountDisk(join(root, 'out'), 60) ?? skip('this machine forbids mounts')
    const core = await testCore(root)
    const source = join(core.inputs, 'a.png')
    const voice = join(core.inputs, 'a.wav')
    makePicture(source, 'red')
    makeVoice(voice, 400)
    const { jobs } = await core.start([{ source, voice, folder: '' }])
    const [job] = await core.rest(jobs)
    expect(job).toMatchObject({ state: 'failed', step: 'render', error: { code: 'E-DISK-FULL', retryable: true } })
    expect(job?.error?.params).toMatchObject({ file: disk, limit: 100 * MIB })
    expect(readdirSync(disk)).toEqual([])
    spawnSync('/bin/mount', ['-o', 'remount,size=200m', disk])
    await core.call('jobs.retry', { jobIds: jobs.map(({ jobId }) => jobId) })
    expect((await core.rest(jobs))[0]?.state).toBe('done')
  })

  test('that others fill amid a render ends it with E-DISK-FULL and leaves no partial file', async ({ skip }) => {
    const root = tempFolder()
    const disk = mountDisk(join(root, 'out'), 120) ?? skip('this machine forbids mounts')
    const filler = join(disk, 'filler')
    const begun = () => {
      const { bavail, bsize } = statfsSync(disk)
      writeFileSync(filler, Buffer.alloc(bavail * bsize))
    }
    const core = await testCore(root, { offlineEngine: quickEngine({ begun }) })
    const source = join(core.inputs, 'a.png')
    const voice = join(core.inputs, 'a.wav')
    makePicture(source, 'red')
    makeVoice(voice, 400)
    const { jobs } = await core.start([{ source, voice, folder: '' }])
    const [job] = await core.rest(jobs)
    expect(job?.error?.code).toBe('E-DISK-FULL')
    expect(readdirSync(disk)).toEqual(['filler'])
  })

  test('under the data folder refuses a batch whole, and takes it when there is room', async ({ skip }) => {
    const root = tempFolder()
    const disk = mountDisk(join(root, 'data'), 8) ?? skip('this machine forbids mounts')
    const core = await testCore(root, { startsQueue: false })
    const source = join(core.inputs, 'a.png')
    const voice = join(core.inputs, 'a.wav')
    makePicture(source, 'red')
    makeVoice(voice, 400)
    const filler = join(disk, 'filler')
    const { bavail, bsize } = statfsSync(disk)
    writeFileSync(filler, Buffer.alloc(bavail * bsize))
    const pairs = Array.from({ length: 200 }, (_, seed) => ({ source, voice, folder: '', parameters: { seed } }))
    await expect(core.start(pairs)).rejects.toMatchObject({ data: { code: 'E-DISK-FULL' } })
    expect((await core.call('jobs.list', {})).total).toBe(0)
    rmSync(filler)
    expect((await core.start(pairs)).jobs).toHaveLength(200)
  })

  test('lets a paid job wait for room before anything is paid, and go on when there is some', async ({ skip }) => {
    const world = await paidWorld()
    const disk = mountDisk(world.outputFolder, 20) ?? skip('this machine forbids mounts')
    await world.begin()
    const [waiting] = await world.settled(({ why }) => why?.reason === 'disk')
    expect([waiting?.state, waiting?.step, waiting?.why?.error?.code]).toEqual(['waiting', 'submit', 'E-DISK-FULL'])
    expect(generations(world.simulator)).toBe(0)
    spawnSync('/bin/mount', ['-o', 'remount,size=1g', disk])
    const [job] = await world.settled()
    expect([job?.state, generations(world.simulator)]).toEqual(['done', 1])
  })
})
