import { expect, test } from 'vitest'
import { prefersGzip } from '../../../src/http/encoding.ts'

test.for([
  ['gzip', 'alone'],
  ['gzip, deflate, br, zstd', 'as browsers ask for it'],
  ['x-gzip', 'by its old name'],
  ['GZip', 'in whatever case'],
  [' br ;q=1.0 , gzip ; q=0.8 ', 'among others, with a weight and spaces'],
  ['*', 'as anything'],
  ['br, *;q=0.1', 'as one of the others'],
  ['identity;q=0, *', 'because it must not be as it is'],
  ['gzip;q=0.5, identity;q=0.5', 'as welcome as the bytes as they are'],
  ['gzip;q=0.001', 'with the least weight'],
  ['gzip;level=9', 'with a parameter that nobody knows'],
] as const)('"%s" asks for gzip, %s', ([header]) => {
  expect(prefersGzip(header)).toBe(true)
})

test.for([
  [undefined, 'which is not there'],
  ['', 'in which there is nothing'],
  ['identity', 'of one who wants bytes as they are'],
  ['br, deflate', 'that names others'],
  ['gzip;q=0', 'that refuses it'],
  ['gzip;q=0.000, *', 'that refuses it, and it alone'],
  ['*;q=0', 'that refuses everything'],
  ['gzip;q=0.5, identity', 'to which bytes as they are are more welcome'],
  ['gzip;q=0.5, *;q=0.9', 'to which all others are more welcome'],
  ['gzip;q=2', 'whose weight is none'],
  ['gzip;q=high', 'whose weight is a word'],
  ['gzip;q=', 'whose weight is missing'],
  ['gzipped', 'that names something like it'],
  [',,;', 'in which nothing is named'],
] as const)('"%s", %s, does not', ([header]) => {
  expect(prefersGzip(header)).toBe(false)
})
