// @ts-check
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Where the time went, in the CPU profiles of a folder: what each function spent itself, without those that it called.
 *
 * @param {string} folder
 * @param {number} most
 */
export function toSelfTimes(folder, most) {
  /** @type {Map<string, number>} */
  const times = new Map()
  let total = 0
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'))) {
    /** @type {{ nodes: { id: number, callFrame: { functionName: string, url: string, lineNumber: number } }[], samples: number[],
     *   timeDeltas: number[] }} */
    const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(join(folder, file), 'utf8'))
    const names = new Map(nodes.map(({ id, callFrame }) => [id, toName(callFrame)]))
    for (const [index, id] of samples.entries()) {
      const name = names.get(id) ?? '?'
      const time = timeDeltas[index] ?? 0
      if (name === '(idle)') continue
      total += time
      times.set(name, (times.get(name) ?? 0) + time)
    }
  }
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, most)
    .map(([name, time]) => `${((time / total) * 100).toFixed(1).padStart(5)} %  ${name}`)
}

/** @param {{ functionName: string, url: string, lineNumber: number }} frame */
function toName({ functionName, url, lineNumber }) {
  if (functionName.startsWith('(')) return functionName
  const file = url.replace(/^.*\/(?=(node_modules|dist|bench)\/)/, '')
  return `${functionName || '(anonymous)'}  ${file}:${lineNumber + 1}`
}
