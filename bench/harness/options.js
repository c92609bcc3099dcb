// @ts-check
import { parseArgs } from 'node:util'

export const usage = `npm run bench -- [options]

  --only TEXT       only scenarios or cases whose name has TEXT in it; may be given several times
  --seconds N       how long each is measured (5)
  --warm-up N       seconds before that (2)
  --repeat N        how often; the tables show medians (1)
  --quick           2 seconds after 1, once
  --clients N       readers, in place of the scenario's own number
  --rate N          messages a second, in place of the scenario's own rate
  --bytes N         of a message, in place of the scenario's own size
  --out FILE        where the JSON goes (bench/results/DATE.json)
  --profile DIR     takes CPU profiles of the servers in Node as well, and prints where the time went; figures are then not to be trusted
  --list            names what there is
`

/** @param {readonly string[]} args */
export function parseOptions(args) {
  const text = { type: /** @type {const} */ ('string') }
  const flag = { type: /** @type {const} */ ('boolean'), default: false }
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      seconds: text,
      'warm-up': text,
      repeat: text,
      clients: text,
      rate: text,
      bytes: text,
      out: text,
      profile: text,
      quick: flag,
      list: flag,
      help: flag,
    },
  })
  const number = (/** @type {'seconds' | 'warm-up' | 'repeat' | 'clients' | 'rate' | 'bytes'} */ name) => {
    if (values[name] === undefined) return undefined
    const value = Number(values[name])
    if (!Number.isFinite(value) || value <= 0) throw new Error(`--${name} is ${values[name]}. Give a number above 0.`)
    return value
  }
  const { only, list, help, out, quick, profile } = values
  return {
    ...{ only, list, help, out },
    repeat: number('repeat') ?? 1,
    settings: {
      seconds: number('seconds') ?? (quick ? 2 : 5),
      warmUp: number('warm-up') ?? (quick ? 1 : 2),
      clients: number('clients'),
      rate: number('rate'),
      bytes: number('bytes'),
      profile,
    },
  }
}
