import { tmpdir } from 'node:os'
import { describe, expect, it } from 'vitest'
import { runTool, startFfmpeg, startTool } from './run-tool.ts'

const node = (program: string) => ({ path: process.execPath, args: ['-e', program], cwd: tmpdir(), timeoutMs: 20_000 })
const run = (program: string) => runTool({ ...node(program), maxOutputBytes: 1000 })

describe('a program', () => {
  it('gives its exit code, its output and the end of its messages, and sees nothing of our environment', async () => {
    const told = await run('console.log(Object.keys(process.env).length); console.error("x".repeat(5000) + "end")')
    expect(told.exitCode).toBe(0)
    expect(Number(told.stdout.toString())).toBeLessThanOrEqual(process.platform === 'linux' ? 0 : 1)
    expect(told.errorText).toHaveLength(2000)
    expect(told.errorText.trim()).toMatch(/end$/)
    expect((await run('process.exit(3)')).exitCode).toBe(3)
  })

  it('meets the end of its input at once', async () => {
    expect((await run('process.stdin.on("end", () => process.exit(7)).resume()')).exitCode).toBe(7)
  })

  it('that cannot be started is named with the variable that sets its path', async () => {
    const missing = { path: '/nowhere/ffprobe', args: [], timeoutMs: 1000, maxOutputBytes: 10 }
    await expect(runTool(missing)).rejects.toMatchObject({
      code: 'E-TOOL-MISSING',
      data: { params: { tool: 'ffprobe', variable: 'FFPROBE_PATH' } },
    })
  })

  it('is killed when it takes too long, says too much, or nobody wants its answer', async () => {
    const forever = 'setInterval(() => 0, 1000)'
    const late = runTool({ ...node(forever), timeoutMs: 300, maxOutputBytes: 10 })
    await expect(late).rejects.toMatchObject({ code: 'E-TOOL-TIMEOUT', data: { params: { limit: 0.3 } } })
    await expect(run('setInterval(() => console.log("x".repeat(900)), 1)')).rejects.toMatchObject({
      code: 'E-TOOL-FAILED',
      data: { params: { reason: 'output' } },
    })
    const cancel = new AbortController()
    const unwanted = startTool({ ...node(forever), signal: cancel.signal })
    cancel.abort(new Error('enough'))
    await expect(unwanted.ended).rejects.toThrow('enough')
    expect(() => startTool({ ...node(forever), signal: cancel.signal })).toThrow('enough')
  })

  it('that is fed may go away before it has read all', async () => {
    const { stdin, ended } = startTool(node('process.exit(0)'))
    stdin.write(Buffer.alloc(4_000_000))
    expect((await ended).exitCode).toBe(0)
  })
})

it('an ffmpeg that ends badly is told with the file and what it said', async () => {
  const { ended } = startFfmpeg(process.execPath, [], { file: 'voice.wav' })
  await expect(ended).rejects.toMatchObject({
    code: 'E-TOOL-FAILED',
    data: { params: { file: 'voice.wav', value: expect.stringMatching(/hide_banner/) } },
  })
})
