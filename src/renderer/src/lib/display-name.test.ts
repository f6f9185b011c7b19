import { describe, expect, it } from 'vitest'
import { displayName } from './display-name.ts'

describe('a name in sight', () => {
  it.each([
    ['/in/anna.jpg', 'anna', '.jpg'],
    ['C:\\in\\anna.tar.gz', 'anna.tar', '.gz'],
    ['/in/.hidden', '.hidden', ''],
    ['/in/no extension', 'no extension', ''],
    ['/in/v1.2 of my long title', 'v1.2 of my long title', ''],
    ['<img src=x onerror=alert(1)>.png', '<img src=x onerror=alert(1)>', '.png'],
    ['/in/evil\u202Egpj.exe', 'evil\\u{202e}gpj', '.exe'],
    ['/in/line\nbreak\u0007.wav', 'line\\u{a}break\\u{7}', '.wav'],
    ['/in/名前.wav', '名前', '.wav'],
    ['', '', ''],
  ])('of %j is %j with %j apart', (path, stem, extension) => {
    expect(displayName(path)).toEqual({ stem, extension })
  })
})
