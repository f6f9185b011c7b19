// Draws the curves of docs/animator.md: what a mouth does in spoken words, and what heads and eyes do in each template.
// Usage: node scripts/animator-curves.ts
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { mouthCurves } from '../src/main/core/animator/voice/mouth-curves.ts'
import { format } from 'prettier'
import { plannedPoses } from './measure/planned-poses.ts'

const WIDTH = 960
const MARGIN = 24
const HEADER_BYTES = 44

const root = resolve(import.meta.dirname, '..')
const out = join(root, 'docs/images')

const wav = readFileSync(join(root, 'tests/fixtures/voice/en-festival.wav')).subarray(HEADER_BYTES)
const samples = Float32Array.from({ length: wav.length >> 1 }, (_, i) => wav.readInt16LE(i * 2) / 32_768)
const labels = JSON.parse(readFileSync(join(root, 'tests/fixtures/voice/en-festival.json'), 'utf8')) as {
  segments: [number, number, string, string][]
}

type Line = { readonly colour: string; readonly values: readonly number[] }

const path = (values: readonly number[], y: (value: number) => number): string =>
  values
    .map((value, i) => {
      const x = MARGIN + ((WIDTH - 2 * MARGIN) * i) / (values.length - 1)
      return `${i === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y(value).toFixed(1)}`
    })
    .join('')

const text = (x: number, y: number, colour: string, words: string, anchor = 'start'): string =>
  `<text x="${x.toFixed(1)}" y="${y}" fill="${colour}" text-anchor="${anchor}">${words}</text>`

/** One strip of curves between `low` and `high`, `height` px, with a base line at 0. */
const strip = (
  top: number,
  height: number,
  low: number,
  high: number,
  title: string,
  lines: readonly Line[],
): string => {
  const y = (value: number): number => top + height - ((value - low) / (high - low)) * height
  return [
    `<line x1="${MARGIN}" x2="${WIDTH - MARGIN}" y1="${y(0)}" y2="${y(0)}" stroke="#ccc"/>`,
    ...lines.map(
      ({ colour, values }) => `<path d="${path(values, y)}" fill="none" stroke="${colour}" stroke-width="1.6"/>`,
    ),
    text(MARGIN, top - 5, '#444', title),
  ].join('')
}

const save = async (name: string, height: number, body: string): Promise<void> => {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12"><rect width="${WIDTH}" height="${height}" fill="#fff"/>${body}</svg>`
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, name), await format(svg, { parser: 'html', printWidth: 160 }))
}

const SHOWN_SECONDS = 3.8
const curves = mouthCurves(samples, 16_000)
const shown = (values: Float32Array): number[] => Array.from(values.subarray(0, SHOWN_SECONDS * 100))
const phones = labels.segments
  .filter(([start, end]) => end <= SHOWN_SECONDS && start >= 0)
  .map(([start, end, name, mouth]) => {
    const at = (seconds: number): number => MARGIN + ((WIDTH - 2 * MARGIN) * seconds) / SHOWN_SECONDS
    const band =
      mouth === 'closed'
        ? `<rect x="${at(start).toFixed(1)}" y="24" width="${(at(end) - at(start)).toFixed(1)}" height="256" fill="#c33" opacity=".12"/>`
        : ''
    return band + text((at(start) + at(end)) / 2, 18, '#222', name === 'pau' ? '' : name, 'middle')
  })
await save(
  'animator-voice.svg',
  300,
  phones.join('') +
    strip(44, 110, 0, 1, 'jaw (black) and loudness (grey); red bands: p, b, m', [
      { colour: '#aaa', values: shown(curves.energy) },
      { colour: '#111', values: shown(curves.jaw) },
    ]) +
    strip(178, 40, 0, 1, 'lips pressed', [{ colour: '#c33', values: shown(curves.press) }]) +
    strip(240, 44, -1, 1, 'wide (up) to rounded (down)', [{ colour: '#27c', values: shown(curves.wide) }]),
)

const DEGREES = 180 / Math.PI
const planned = (['calm', 'normal', 'active'] as const).map((template_id) =>
  plannedPoses({ template_id, head_move_strength: 1, seed: 3 }, { curves, durationSeconds: samples.length / 16_000 }),
)
const COLOURS = ['#27c', '#111', '#c33']
const heads = (turn: 'yaw' | 'pitch'): Line[] =>
  planned.map((poses, i) => ({ colour: COLOURS[i] ?? '#111', values: poses.map((pose) => pose[turn] * DEGREES) }))
await save(
  'animator-motion.svg',
  330,
  strip(24, 110, -10, 10, 'yaw, 10 degrees each way: calm (blue), normal (black), active (red)', heads('yaw')) +
    strip(160, 70, -6, 6, 'pitch: nods on stressed syllables', heads('pitch')) +
    strip(256, 20, 0, 1, 'blink', [{ colour: '#111', values: (planned[1] ?? []).map(({ blink }) => blink) }]) +
    strip(300, 20, -0.1, 0.1, 'gaze, sideways', [
      { colour: '#27c', values: (planned[1] ?? []).map(({ gazeX }) => gazeX) },
    ]),
)
