import { expect, test } from 'vitest'
import { mergeVary } from '../../../src/http/vary.ts'

test.for([
  [undefined, 'Accept-Encoding'],
  ['', 'Accept-Encoding'],
  ['Origin', 'Origin, Accept-Encoding'],
  [['Origin', 'Cookie, Accept'], 'Origin, Cookie, Accept, Accept-Encoding'],
  ['accept-encoding', 'Accept-Encoding'],
  ['Accept-Encoding, Origin', 'Accept-Encoding, Origin'],
  ['*', '*'],
] as const)('an answer that already hangs on %j says of ours as well: %s', ([known, merged]) => {
  expect(mergeVary(known, 'Accept-Encoding')).toBe(merged)
})
