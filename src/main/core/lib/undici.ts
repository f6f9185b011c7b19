/**
 * The HTTP client's library, loaded by the first request: a quarter of the start of every command that stays on this
 * machine.
 */
export const loadUndici = () => import('undici')
