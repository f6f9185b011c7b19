import { imageRows } from './image-rows.ts'
import type { Row } from './rows.ts'
import { soundRows } from './sound-rows.ts'

const IDS = [
  'D108a D108b D108c D108d D108e D108f D109b D109d D110b D110c D112d',
  'D202b D202c D210 D211a D211b D211c D211d D211e D214a D214c D214d D214e D216d',
].flatMap((ids) => ids.split(' '))

/** Rows that DashScope's limits refuse and that a repair lets through. */
export const repairableRows: readonly Row[] = [...imageRows, ...soundRows].filter(({ id }) => IDS.includes(id))
