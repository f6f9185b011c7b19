import styles from './icon.module.css'

/** Strokes on a 20 × 20 grid, 1.5 wide, drawn for this app. */
const PATHS = {
  add: 'M10 4v12M4 10h12',
  'arrow-down': 'M10 4v12M5 11l5 5 5-5',
  'arrow-up': 'M10 16V4M5 9l5-5 5 5',
  bottom: 'M10 3v9M6 8.5l4 4 4-4M4 16.5h12',
  check: 'M4 10.5l4 4 8-9',
  'chevron-down': 'M5.5 8l4.5 4.5L14.5 8',
  close: 'M5 5l10 10M15 5L5 15',
  copy: 'M7 7V4.5A1.5 1.5 0 0 1 8.5 3h7A1.5 1.5 0 0 1 17 4.5v7a1.5 1.5 0 0 1-1.5 1.5H13M4.5 7h7A1.5 1.5 0 0 1 13 8.5v7a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 3 15.5v-7A1.5 1.5 0 0 1 4.5 7z',
  face: 'M3 7V5a2 2 0 0 1 2-2h2M13 3h2a2 2 0 0 1 2 2v2M17 13v2a2 2 0 0 1-2 2h-2M7 17H5a2 2 0 0 1-2-2v-2M7.75 8v.5M12.25 8v.5M7.5 12c1.4 1.4 3.6 1.4 5 0',
  film: 'M4.5 3.5h11a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1v-11a1 1 0 0 1 1-1zM7 3.5v13M13 3.5v13M3.5 7.5H7M3.5 12.5H7M13 7.5h3.5M13 12.5h3.5',
  folder: 'M3 15.5v-11A1 1 0 0 1 4 3.5h3.6l1.9 2.2H16a1 1 0 0 1 1 1v8.8a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1z',
  info: 'M10 9v4.5M10 6.4v.1M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0z',
  keyboard:
    'M3.5 5h13A1.5 1.5 0 0 1 18 6.5v7a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 2 13.5v-7A1.5 1.5 0 0 1 3.5 5zM5.5 8.3v.1M8.5 8.3v.1M11.5 8.3v.1M14.5 8.3v.1M7 12h6',
  link: 'M8.5 11.5a3 3 0 0 0 4.2 0l2.6-2.6a3 3 0 0 0-4.2-4.2L10 5.8M11.5 8.5a3 3 0 0 0-4.2 0l-2.6 2.6a3 3 0 0 0 4.2 4.2l1.1-1.1',
  more: 'M4.5 9.6h.8v.8h-.8zM9.6 9.6h.8v.8h-.8zM14.7 9.6h.8v.8h-.8z',
  pause: 'M7 4.5v11M13 4.5v11',
  picture:
    'M4.5 3.5h11a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1v-11a1 1 0 0 1 1-1zM3.7 14l3.8-4 3 3 2-2 3.8 3.6M12.8 7.2v.1',
  play: 'M6.5 4.2v11.6L15.8 10z',
  retry: 'M16.5 10a6.5 6.5 0 1 1-2-4.7M16.6 3v3.6H13',
  save: 'M10 3.5v9M6 8.8l4 4 4-4M3.5 13.5v2a1 1 0 0 0 1 1h11a1 1 0 0 0 1-1v-2',
  search: 'M13 13l4 4M14.5 8.8a5.7 5.7 0 1 1-11.4 0 5.7 5.7 0 0 1 11.4 0z',
  settings:
    'M3 6h7.5M14.5 6H17M3 14h2.5M9.5 14H17M14.5 6a2 2 0 1 1-4 0 2 2 0 0 1 4 0zM9.5 14a2 2 0 1 1-4 0 2 2 0 0 1 4 0z',
  stop: 'M6 5h8a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1z',
  swap: 'M4 7.5h11M12 4.5l3 3-3 3M16 12.5H5M8 9.5l-3 3 3 3',
  top: 'M10 17V8M6 11.5l4-4 4 4M4 3.5h12',
  trash: 'M4 5.5h12M8 5.5V4a1 1 0 0 1 1-1h2a1 1 0 0 1 1 1v1.5M5.5 5.5l.7 10a1 1 0 0 0 1 1h5.6a1 1 0 0 0 1-1l.7-10',
  undo: 'M7.5 5L4 8.5 7.5 12M4.3 8.5H12a4 4 0 0 1 0 8H9',
  voice: 'M3 9v2M6.5 6.5v7M10 3.5v13M13.5 7v6M17 9v2',
  warning: 'M10 3.5l7.2 12.5H2.8zM10 8.5v3.6M10 14v.1',
} as const

export type IconName = keyof typeof PATHS

/** Purely visual: whatever it stands for is also said in words. */
export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg className={styles.icon} viewBox="0 0 20 20" width={size} height={size} aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  )
}
