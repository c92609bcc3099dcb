/**
 * What one reader is told to wait before it connects again, in ms: up to twice the least, so that the readers of a hub that went
 * away do not all come back in one moment.
 */
export function jitteredRetry(least: number): number {
  return Math.round(least * (1 + Math.random()))
}
