import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fitPairs } from '../../src/main/hosts/cli/pair-findings.ts'
import { runCli } from '../fixtures/cli.ts'
import { makerPath } from '../fixtures/media-tools.ts'
import { tempFolder } from '../fixtures/temp-folder.ts'
import { testCore } from '../fixtures/test-core.ts'

function makeClip(path: string, fps: number, seconds: number, hasSound: boolean): string {
  const picture = ['-f', 'lavfi', '-i', `color=gray:s=64x64:r=${String(fps)}:d=${String(seconds)}`]
  const sound = hasSound ? ['-f', 'lavfi', '-i', `sine=duration=${String(seconds)}`] : []
  execFileSync(makerPath, ['-v', 'error', '-y', ...picture, ...sound, '-pix_fmt', 'yuv420p', path])
  return path
}

describe('a source and its driver on the command line', () => {
  it('are told of together by the check: cap, rate, sound and traps, with their numbers', async () => {
    const folder = tempFolder()
    makeClip(join(folder, 'a.source.mp4'), 25, 6, false)
    makeClip(join(folder, 'a.driver.mp4'), 30, 6, true)
    const result = await runCli(
      ['check', folder, '--engine', 'segmind', '--json', '--set', 'dsize=1024', '--data-dir', join(folder, 'data')],
      { cwd: folder },
    )
    const findings = result.events
      .filter(({ event }) => event === 'check')
      .flatMap(({ findings: found }) => found as { level: string; message: string; value: unknown; limit: unknown }[])
    const [rates, cap, sound, dsize] = findings.filter(({ level }) => level === 'warning')
    expect(cap).toMatchObject({ value: 6, limit: 4.8 })
    expect(cap?.message).toBe('The cap of 120 frames cuts 6 s to 4.8 s: use all frames.')
    expect(rates).toMatchObject({ value: 30, limit: 25, repair: 'constant-rate' })
    expect(rates?.message).toContain('a.driver.mp4 has 30 fps, a.source.mp4 25')
    expect(sound?.message).toContain('a.source.mp4 has no sound, a.driver.mp4 has one')
    expect(dsize).toMatchObject({ value: 1024, limit: 512 })
    expect(result.code).toBe(0)
  })

  it('are fitted to each other on copies of the same name, one after the other, made once', async () => {
    const folder = tempFolder()
    const source = makeClip(join(folder, 'a.mp4'), 25, 2, true)
    const driver = makeClip(join(folder, 'nod.mp4'), 30, 1, false)
    const { core, call, dataDir } = await testCore(folder)
    const pairs = [{ source, driver, folder: '' }]
    const fit = () => fitPairs(core, 'segmind', {}, pairs)
    const [fitted] = await fit()
    expect(fitted?.source).toBe(source)
    expect(fitted?.driver).toMatch(/fitted.+nod\.mp4$/)
    const { results } = await call('media.check', { engine: 'segmind', paths: [fitted?.driver ?? '', driver] })
    expect(results.map(({ facts }) => [facts.fps, facts.frames])).toEqual([
      [25, 50],
      [30, 30],
    ])
    const copies = readdirSync(join(dataDir, 'fitted')).length
    expect((await fit())[0]).toEqual(fitted)
    expect(readdirSync(join(dataDir, 'fitted')).length).toBe(copies)
    expect(existsSync(driver)).toBe(true)
  })
})
