import { useEffect, useLayoutEffect, useRef } from 'react'
import type { KeyboardEvent, ReactNode } from 'react'
import { useVirtualizer } from '@tanstack/react-virtual'
import styles from './virtual-list.module.css'

type VirtualListProps = {
  readonly label: string
  readonly count: number
  readonly rowPx: number
  /** Rows differ in height: `rowPx` is only a guess until they are seen. */
  readonly isMeasured?: boolean
  readonly renderRow: (index: number) => ReactNode
  readonly selectedIndex: number
  /** Rows that cannot be selected (headings) are passed over by the arrow keys. */
  readonly isSelectable?: (index: number) => boolean
  readonly onSelect: (index: number) => void
  readonly onOpen?: (index: number) => void
  /** The rows in sight, for reading them page by page. */
  readonly onRange?: (first: number, last: number) => void
}

const PAGE_ROWS = 10
const everyRow = () => true

/**
 * Thousands of rows, of which only those in sight exist. Arrow keys move the selection, Tab reaches the row's buttons.
 * Rows are known by their place, so the keyboard stays where it is when a row is read, changes or goes.
 */
export function VirtualList(props: VirtualListProps) {
  'use no memo'
  const {
    label,
    count,
    rowPx,
    isMeasured = false,
    renderRow,
    selectedIndex,
    isSelectable = everyRow,
    onSelect,
    onOpen,
    onRange,
  } = props
  const viewport = useRef<HTMLDivElement>(null)
  const focusIndex = useRef<number | null>(null)
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => viewport.current,
    estimateSize: () => rowPx,
    overscan: 4,
  })
  const rows = virtualizer.getVirtualItems()
  const first = rows[0]?.index ?? 0
  const last = rows.at(-1)?.index ?? 0

  useEffect(() => {
    if (count > 0) onRange?.(first, last)
  }, [count, first, last, onRange])

  // The row exists only after the scroll that brings it in sight has been rendered.
  useLayoutEffect(() => {
    if (focusIndex.current === null) return
    const row = viewport.current?.querySelector<HTMLElement>(`[data-index="${String(focusIndex.current)}"]`)
    if (!row) return
    focusIndex.current = null
    row.focus({ preventScroll: true })
  })

  const firstSelectable = (from: number, direction: 1 | -1): number | null => {
    for (let index = from; index >= 0 && index < count; index += direction) if (isSelectable(index)) return index
    return null
  }
  const move = (to: number, direction: 1 | -1) => {
    const start = Math.min(count - 1, Math.max(0, to))
    const next = firstSelectable(start, direction) ?? firstSelectable(start, direction === 1 ? -1 : 1)
    if (next === null) return
    focusIndex.current = next
    onSelect(next)
    virtualizer.scrollToIndex(next)
  }

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const { target } = event
    if (!(target instanceof HTMLElement) || target.role !== 'row') return
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const present = Number(target.dataset['index'] ?? selectedIndex)
    if (event.key === 'ArrowDown') move(present + 1, 1)
    else if (event.key === 'ArrowUp') move(present - 1, -1)
    else if (event.key === 'PageDown') move(present + PAGE_ROWS, 1)
    else if (event.key === 'PageUp') move(present - PAGE_ROWS, -1)
    else if (event.key === 'Home') move(0, 1)
    else if (event.key === 'End') move(count - 1, -1)
    else return
    event.preventDefault()
  }

  const tabIndex = rows.some(({ index }) => index === selectedIndex) ? selectedIndex : first
  return (
    <div ref={viewport} className={styles.viewport}>
      <div
        role="grid"
        aria-label={label}
        aria-rowcount={count}
        className={styles.content}
        style={{ height: virtualizer.getTotalSize() }}
        onKeyDown={onKeyDown}
      >
        {rows.map(({ key, index, start }) => (
          <div
            key={key}
            ref={isMeasured ? virtualizer.measureElement : undefined}
            role="row"
            data-index={index}
            aria-rowindex={index + 1}
            aria-selected={index === selectedIndex}
            tabIndex={index === tabIndex ? 0 : -1}
            className={styles.row}
            style={{ transform: `translateY(${String(start)}px)` }}
            onClick={() => {
              if (isSelectable(index)) onSelect(index)
            }}
            onDoubleClick={() => onOpen?.(index)}
          >
            <div role="gridcell">{renderRow(index)}</div>
          </div>
        ))}
      </div>
    </div>
  )
}
