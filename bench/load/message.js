// @ts-check

/**
 * What is published: its number, from 1 on, and the moment at which it was meant to be sent. Those with number 0 only show
 * that a reader is connected.
 *
 * @typedef {{ seq: number, at: number, text: string }} Message
 */

/** As the readers look for it; a message is written by `JSON.stringify` in this order on every way to them. */
export const beforeSeq = '{"seq":'
export const beforeAt = ',"at":'

const beforeText = ',"text":"'
const afterText = '"}'

/** Digits of a `seq` and an `at`, about. */
const digits = 6 + 12

/** @param {number} bytes how long the JSON is, about */
export function toFiller(bytes) {
  const around = beforeSeq.length + beforeAt.length + beforeText.length + afterText.length + digits
  return 'x'.repeat(Math.max(1, bytes - around))
}

/**
 * What every message ends with.
 *
 * @param {string} filler
 */
export function toEnding(filler) {
  return `${beforeText}${filler}${afterText}`
}
