/** Cells of a grid that hang together (side by side) with one of `seeds`, as far as `isInside` holds; seeds count without being asked. */
export const flood = (
  columns: number,
  rows: number,
  seeds: readonly number[],
  isInside: (cell: number) => boolean,
): Uint8Array => {
  const seen = new Uint8Array(columns * rows)
  const stack = [...seeds]
  for (const cell of stack) seen[cell] = 1
  for (let cell = stack.pop(); cell !== undefined; cell = stack.pop()) {
    const i = cell % columns
    for (const next of [i > 0 ? cell - 1 : -1, i < columns - 1 ? cell + 1 : -1, cell - columns, cell + columns]) {
      if (next < 0 || next >= seen.length || seen[next] || !isInside(next)) continue
      seen[next] = 1
      stack.push(next)
    }
  }
  return seen
}
