import { describe, expect, test } from 'vitest'
import { addImport, addToList } from '../../../src/generate/edit.ts'
import { importsOf, isCommonJs, localNames } from '../../../src/generate/imports.ts'

describe('an import is added', () => {
  const line = "import { b } from './b.js'"
  test.for([
    ['where its name belongs', "import './a.js'\nimport './c.js'\n", `import './a.js'\n${line}\nimport './c.js'\n`],
    [
      'behind others that are in no order',
      "import './z.js'\nimport './c.js'\n",
      `import './z.js'\nimport './c.js'\n${line}\n`,
    ],
    ['behind packages', "import z from 'z'\n\nz()\n", `import z from 'z'\n${line}\n\nz()\n`],
    [
      'behind one of several lines',
      "import {\n  a,\n} from 'a' // why\na()\n",
      `import {\n  a,\n} from 'a' // why\n${line}\na()\n`,
    ],
    ['before everything else', 'const a = 1\n', `${line}\n\nconst a = 1\n`],
    [
      'behind directives and the first comment',
      "// (c)\n'use strict'\n\na()\n",
      `// (c)\n'use strict'\n\n${line}\n\na()\n`,
    ],
    ['to an empty file', '', `${line}\n\n`],
    ['and not by one that is only text', "const a = `\nimport 'x'\n`\n", `${line}\n\nconst a = \`\nimport 'x'\n\`\n`],
  ])('%s', ([, text = '', result]) => {
    expect(addImport(text, line)).toBe(result)
  })

  test('of a package before files', () => {
    expect(addImport("import './a.js'\n", "import 'p'")).toBe("import 'p'\nimport './a.js'\n")
    expect(addImport("import 'a'\nimport './a.js'\n", "import 'p'")).toBe("import 'a'\nimport 'p'\nimport './a.js'\n")
  })

  test('beside those that are required', () => {
    expect(addImport("'use strict'\nconst a = require('a')\n\na()\n", "const b = require('b')")).toBe(
      "'use strict'\nconst a = require('a')\nconst b = require('b')\n\na()\n",
    )
  })
})

describe('an item is added to a list', () => {
  test.for([
    ['createHub({ channels: [] })', 'createHub({ channels: [b] })'],
    ['createHub({ channels: [a] })', 'createHub({ channels: [a, b] })'],
    ['createHub({ channels: [a, ], history: [] })', 'createHub({ channels: [a, b], history: [] })'],
    ['createHub({\n  channels: [\n    a,\n  ],\n})', 'createHub({\n  channels: [\n    a,\n    b,\n  ],\n})'],
    ['createHub({\n  channels: [\n    a\n  ]\n})', 'createHub({\n  channels: [\n    a,\n    b,\n  ]\n})'],
    [
      "x('createHub({ channels: [] })')\ncreateHub({ channels: [f([a])] })",
      "x('createHub({ channels: [] })')\ncreateHub({ channels: [f([a]), b] })",
    ],
  ])('%j', ([text = '', result]) => {
    expect(addToList(text, 'createHub', 'channels', 'b')).toBe(result)
  })

  test.for(['createHub({ channels })', 'createHub(options)', 'create({ channels: [] })'])('and %j has none', (text) => {
    expect(addToList(text, 'createHub', 'channels', 'b')).toBeUndefined()
  })
})

test('the imports of a text are found in whatever form they have', () => {
  const text = `import a, { type B } from 'a'
import * as c from "c";
import type { D } from 'd'
import 'e'
import f = require('f')
const { g, h: i } = require('g')
await import('not')
// import z from 'z'
`
  expect(importsOf(text).map(({ from }) => from)).toEqual(['a', 'c', 'd', 'e', 'f', 'g'])
  expect(localNames(text, 'a', ['default', 'B'])).toEqual(['a'])
  expect(localNames(text, 'c', ['default'])).toEqual(['c'])
  expect(localNames(text, 'd', ['D'])).toEqual([])
  expect(localNames(text, 'g', ['h'])).toEqual(['i'])
})

test('a text that requires is CommonJS, unless it imports or exports', () => {
  expect(isCommonJs("const a = require('a')")).toBe(true)
  expect(isCommonJs('module.exports = 5')).toBe(true)
  expect(isCommonJs("import a from 'a'\nconst b = createRequire(x)\nrequire('b')")).toBe(false)
  expect(isCommonJs("// require('a')\n")).toBe(false)
})
