import { AssertionError } from 'node:assert'
import { endOfTurn } from '../base/turn.ts'

// As they are when this is loaded: a test may put fake ones in their place.
const { setTimeout, clearTimeout } = globalThis

/** Resolves when this turn of the event loop is over. */
export function turn(): Promise<void> {
  return new Promise(endOfTurn)
}

/**
 * Resolves as `promise` does, if it does so within so many ms of real time. Until then it keeps the process alive, so that a test does
 * not end without a word.
 *
 * @throws {AssertionError} with the message that is asked for when it is too late
 */
export async function within<Value>(ms: number, promise: Promise<Value>, message: () => string): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new AssertionError({ message: message(), operator: 'millrace' })), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
