import { benchAnimator } from './animator.ts'
import { benchPrecheck } from './precheck.ts'
import { benchQueue } from './queue.ts'
import { benchTransfer } from './transfer.ts'
import { benchVideo } from './video.ts'
import { benchVendorSlot } from './vendor-slot.ts'

/** `npm run bench [precheck|queue|slot|transfer|animator]…`: the figures of the project, each as a ratio within one run where it can be. */

const benches: Readonly<Record<string, () => Promise<unknown>>> = {
  precheck: () => benchPrecheck(),
  queue: () => benchQueue(),
  slot: () => benchVendorSlot(),
  transfer: () => benchTransfer(),
  animator: () => benchAnimator(),
  video: () => benchVideo(),
}

const wanted = process.argv.slice(2)
for (const name of wanted.length === 0 ? Object.keys(benches) : wanted) {
  const bench = benches[name]
  if (bench === undefined) throw new Error(`There is no bench called ${name}: ${Object.keys(benches).join(', ')}`)
  console.log(`${name}:`)
  const figures = await bench()
  console.table(Array.isArray(figures) ? figures : [figures])
}
