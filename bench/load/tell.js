// @ts-check

/** @typedef {import('./main.js').FromLoad} FromLoad */
/** @typedef {import('./main.js').ToLoad} ToLoad */

/** @param {FromLoad} message */
export function tell(message) {
  process.send?.(message)
}

/**
 * Has processor time and memory read, and waits until that is done.
 *
 * @param {string} name
 */
export async function mark(name) {
  tell({ type: 'mark', name })
  await answer('marked')
}

/**
 * @template {ToLoad['type']} T
 * @param {T} type
 * @returns {Promise<Extract<ToLoad, { type: T }>>} the next message of this type
 */
export function answer(type) {
  return new Promise((resolve) => {
    const onMessage = (/** @type {ToLoad} */ message) => {
      if (message.type !== type) return
      process.off('message', onMessage)
      resolve(/** @type {Extract<ToLoad, { type: T }>} */ (message))
    }
    process.on('message', onMessage)
  })
}
