import type { MouthClass } from '../../src/main/core/animator/voice/mouth-classes.ts'
import { percentile } from '../../scripts/measure/figures.ts'

/** One phone of a labelled voice: start and end in seconds, the synthesizer's name, the mouth class. */
export type Phone = { readonly start: number; readonly end: number; readonly name: string; readonly mouth: MouthClass }

/** Lips of a video, one value a frame: between the inner lips and between the corners, in any unit. */
export type LipSeries = { readonly fps: number; readonly gaps: readonly number[]; readonly widths: readonly number[] }

export type LipFigures = {
  /** Median over open vowels of each one's widest gap. */
  readonly openGap: number
  /** Share of p, b, m that close to 0.3 of that. */
  readonly closed: number
  /** Share of open vowels that reach half of that. */
  readonly open: number
  /** Share of pairs of a rounded and a spread vowel in which the rounded one is narrower. */
  readonly narrower: number
  /** Share of openings from closed lips that come within 60 ms of the phone. */
  readonly onsets: number
  /** Share of phones without lip contact (t, d, n, k, vowels) whose gap stays over 0.1 of the open one. */
  readonly apart: number
  /** Share of frames in pauses of at least 0.2 s (0.1 s off each end) with lips closed. */
  readonly silent: number
}

/** A video leads its voice by up to this much and a frame may fall on either side. */
const LEAD_SECONDS = 0.04
const ONSET_SECONDS = 0.06
const SHORTEST_VOWEL = 0.06

const share = (values: readonly boolean[]): number =>
  values.length === 0 ? Number.NaN : values.filter(Boolean).length / values.length

/** Reads a series between its frames. */
const at = (values: readonly number[], fps: number, seconds: number): number => {
  const position = Math.min(values.length - 1, Math.max(0, seconds * fps))
  const index = Math.floor(position)
  const a = values[index] ?? 0
  return a + ((values[index + 1] ?? a) - a) * (position - index)
}

/** Frames of a phone; the one nearest to its middle when it is shorter than a frame. */
const framesOf = ({ start, end }: Phone, fps: number, count: number): number[] => {
  const frames: number[] = []
  for (let i = Math.ceil((start - LEAD_SECONDS) * fps); i <= end * fps; i++) if (i >= 0 && i < count) frames.push(i)
  return frames.length > 0 ? frames : [Math.min(count - 1, Math.round(((start + end) / 2) * fps))]
}

/** Judges lips against what was said. */
export const lipFigures = (phones: readonly Phone[], { fps, gaps, widths }: LipSeries): LipFigures => {
  const gapsOf = (phone: Phone): number[] => framesOf(phone, fps, gaps.length).map((i) => gaps[i] as number)
  const vowels = phones.filter(({ mouth, start, end }) => mouth === 'open' && end - start >= SHORTEST_VOWEL)
  const openGap = percentile(
    vowels.map((phone) => Math.max(...gapsOf(phone))),
    0.5,
  )
  const widthOf = ({ start, end }: Phone): number => at(widths, fps, (start + end) / 2 - LEAD_SECONDS / 2)
  const steady = (mouth: MouthClass): number[] =>
    phones.filter((phone) => phone.mouth === mouth && phone.end - phone.start >= SHORTEST_VOWEL).map(widthOf)
  const rounded = steady('round')
  const spread = steady('spread')
  const onsets = phones.flatMap((phone, index) => {
    const before = phones[index - 1]
    const isOpening =
      (phone.mouth === 'open' || phone.mouth === 'mid') &&
      phone.end - phone.start >= SHORTEST_VOWEL &&
      (before?.mouth === 'closed' || (before?.mouth === 'sil' && before.end - before.start > 0.1))
    if (!isOpening) return []
    const peak = Math.max(...gapsOf(phone))
    const half = 0.5 * (peak + Math.min(...gapsOf(before)))
    // The last time before the peak that the lips pass half of their way: between frames, by a straight line.
    let seconds = framesOf(phone, fps, gaps.length).find((i) => gaps[i] === peak) ?? 0
    seconds /= fps
    while (seconds > 0 && at(gaps, fps, seconds) > half) seconds -= 0.002
    return [Math.abs(seconds - phone.start) <= ONSET_SECONDS]
  })
  const silent = phones
    .filter(({ mouth, start, end }) => mouth === 'sil' && end - start >= 0.3)
    .flatMap(({ start, end }) => {
      const frames: boolean[] = []
      for (let i = Math.ceil((start + 0.1) * fps); i < (end - 0.1) * fps && i < gaps.length; i++)
        frames.push((gaps[i] as number) <= 0.15 * openGap)
      return frames
    })
  return {
    openGap,
    closed: share(
      phones.filter(({ mouth }) => mouth === 'closed').map((phone) => Math.min(...gapsOf(phone)) <= 0.3 * openGap),
    ),
    open: share(vowels.map((phone) => Math.max(...gapsOf(phone)) >= 0.5 * openGap)),
    narrower: share(rounded.flatMap((narrow) => spread.map((wide) => narrow < wide))),
    onsets: share(onsets),
    apart: share(
      phones
        .filter(
          ({ mouth, start, end }) => ['consonant', 'mid', 'spread', 'round'].includes(mouth) && end - start >= 0.05,
        )
        .map((phone) => at(gaps, fps, (phone.start + phone.end) / 2 - LEAD_SECONDS / 2) > 0.1 * openGap),
    ),
    silent: share(silent),
  }
}
