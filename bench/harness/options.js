// @ts-check
import { parseArgs } from 'node:util'

export const usage = `npm run bench -- [options]

  --only TEXT       only scenarios or cases whose name has TEXT in it; may be given several times
  --seconds N       how long each is measured (10)
  --repeat N        how often; the table shows medians (3)
  --clients N       readers (50)
  --bytes N         of a message's data (200)
  --rate N          messages a second in the latency scenarios (100)
  --window N        messages on their way in the throughput scenarios (2000)
  --warm-up N       seconds before the measuring begins (3)
  --out FILE        where the JSON goes (bench/results/DATE.json)
  --profile DIR     takes CPU profiles of the servers as well, and prints where the time went; figures are then not to be trusted
  --list            names what there is
`

/** @param {readonly string[]} args */
export function parseOptions(args) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      seconds: { type: 'string', default: '10' },
      repeat: { type: 'string', default: '3' },
      clients: { type: 'string', default: '50' },
      bytes: { type: 'string', default: '200' },
      rate: { type: 'string', default: '100' },
      window: { type: 'string', default: '2000' },
      'warm-up': { type: 'string', default: '3' },
      out: { type: 'string' },
      profile: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const number = (/** @type {'seconds' | 'repeat' | 'clients' | 'bytes' | 'rate' | 'window' | 'warm-up'} */ name) => {
    const value = Number(values[name])
    if (!Number.isFinite(value) || value <= 0) throw new Error(`--${name} is ${values[name]}. Give a number above 0.`)
    return value
  }
  return {
    only: values.only,
    list: values.list,
    help: values.help,
    out: values.out,
    repeat: number('repeat'),
    settings: {
      seconds: number('seconds'),
      clients: number('clients'),
      bytes: number('bytes'),
      rate: number('rate'),
      window: number('window'),
      warmUp: number('warm-up'),
      profile: values.profile,
    },
  }
}
