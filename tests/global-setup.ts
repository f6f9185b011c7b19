/** Every suite runs on the Node that the app ships with: an older one would test something else in silence. */
export default function setup(): void {
  const major = Number(process.versions.node.split('.')[0])
  if (major < 24) throw new Error(`The tests need Node 24 or newer; this is ${process.versions.node}.`)
}
