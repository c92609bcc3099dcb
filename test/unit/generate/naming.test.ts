import { expect, test } from 'vitest'
import {
  assertIdentifier,
  assertPascalCase,
  fileNameStyleOf,
  toCamelCase,
  toFileName,
  wordsOf,
} from '../../../src/generate/naming.ts'

test.for([
  ['NewMessage', 'new-message', 'newMessage'],
  ['HTTPRequest', 'http-request', 'httpRequest'],
  ['Order2Paid', 'order2-paid', 'order2Paid'],
  ['A', 'a', 'a'],
])('%s is %s in a file name', ([name = '', file, camel]) => {
  expect(toFileName(wordsOf(name), 'kebab-case')).toBe(file)
  expect(toCamelCase(wordsOf(name))).toBe(camel)
})

test('a file name has the style that is wanted', () => {
  const words = ['new', 'message']
  expect(toFileName(words, 'camelCase')).toBe('newMessage')
  expect(toFileName(words, 'PascalCase')).toBe('NewMessage')
  expect(toFileName(words, 'snake_case')).toBe('new_message')
})

test('the style of a file name is known where it can be only one', () => {
  expect(['new-message', 'new_message', 'newMessage', 'NewMessage', 'server', 'x'].map(fileNameStyleOf)).toEqual([
    'kebab-case',
    'snake_case',
    'camelCase',
    'PascalCase',
    undefined,
    undefined,
  ])
})

test.for(['newMessage', 'new-message', 'New Message', '', '../Evil', 'Ünï', '1A', `A${'a'.repeat(100)}`])(
  '%j is no name of an event',
  (name) => {
    expect(() => assertPascalCase(name, 'An event')).toThrow('PascalCase')
  },
)

test.for(['class', 'a-b', '', '1'])('%j is no name in the code', (name) => {
  expect(() => assertIdentifier(name, 'a channel')).toThrow('identifier')
})
