import { expect, test } from 'vitest'
import { outline, statementEnd } from '../../../src/generate/outline.ts'

test.for([
  ['a(\'x\', "y")', 'a(\'\',"")'],
  ["a // 'b'\nc", 'a\nc'],
  ['a /* { \n } */ b', 'a\nb'],
  [`a(\`x\${\`}\${'}'}\`}y\`)`, 'a(``)'],
  ["a('it\\'s', b)", "a('',b)"],
  ['a = /["\'/]/g.test(b)', 'a=g.test(b)'],
  ['a / b / c', 'a/b/c'],
  ["<p>don't</p>\nb('c')", "<p>don\nb('')"],
  ['#!/usr/bin/env node\na', '\na'],
])('the outline of %j leaves the code, and leaves it where it was', ([text = '', code]) => {
  const found = outline(text)

  expect(found.replaceAll(' ', '')).toBe(code)
  expect(found).toHaveLength(text.length)
  for (const [index, character] of [...found].entries()) expect([' ', text[index]]).toContain(character)
})

test.for([
  ['const a = b()\nc', 'const a = b()'],
  ['const a = b();c', 'const a = b();'],
  ['const a = b({\n  c: [1],\n})\n\nd()', 'const a = b({\n  c: [1],\n})'],
  ['const a = b()\n  .c()\n  .d()\ne', 'const a = b()\n  .c()\n  .d()'],
  ['const a =\n  b()\ne', 'const a =\n  b()'],
  ['{ const a = b() }', '{ const a = b()'],
  ['const a = b()', 'const a = b()'],
])('the statement in %j ends where it ends', ([text = '', statement]) => {
  expect(text.slice(0, statementEnd(text, text.indexOf('b(')))).toBe(statement)
})
