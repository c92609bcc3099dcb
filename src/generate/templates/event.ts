import type { Field } from '../fields.ts'
import { sampleOf } from '../fields.ts'
import type { SchemaLibrary } from '../project.ts'
import type { TestDialect } from './test-file.ts'

export interface EventTemplate {
  readonly name: string
  readonly fields: readonly Field[]
  readonly schema: SchemaLibrary | undefined
  readonly isTypeScript: boolean
}

/** The declaration of an event. */
export function eventTemplate(event: EventTemplate): string {
  const { name, schema } = event
  if (schema === undefined) return `import { defineEvent } from 'millrace';\n\n${declare(event)}\n`
  const imports = {
    zod: ["import { defineEvent } from 'millrace';", "import { z } from 'zod';"],
    valibot: ["import { defineEvent } from 'millrace';", "import * as v from 'valibot';"],
    arktype: ["import { type } from 'arktype';", "import { defineEvent } from 'millrace';"],
  }[schema]
  return `${imports.join('\n')}

export const ${name} = defineEvent('${name}', ${schemaOf(schema, event.fields)});
`
}

function declare({ name, fields, isTypeScript }: EventTemplate): string {
  const members = fields.map(({ name: field, type }) => `${field}: ${type}`)
  if (isTypeScript) return `export const ${name} = defineEvent<{ ${members.join('; ')} }>('${name}');`
  return `/** Its data: \`{ ${members.join(', ')} }\`. */
export const ${name} = defineEvent('${name}');`
}

function schemaOf(schema: SchemaLibrary, fields: readonly Field[]): string {
  const member = {
    zod: ({ name, type }: Field) => `${name}: z.${type}()`,
    valibot: ({ name, type }: Field) => `${name}: v.${type}()`,
    arktype: ({ name, type }: Field) => `${name}: '${type}'`,
  }[schema]
  const call = { zod: 'z.object', valibot: 'v.object', arktype: 'type' }[schema]
  return `${call}({ ${fields.map(member).join(', ')} })`
}

/** Its test: it carries its data and, where it has a schema, no other. */
export function eventTestTemplate(
  { name, fields, schema, isTypeScript }: EventTemplate,
  file: string,
  dialect: TestDialect,
): string {
  const sample = sampleOf(fields)
  const carries = `test('${name} carries its data', () => {
  const event = ${name}(${sample});

  ${dialect.same('event.name', `'${name}'`)}
  ${dialect.equal('event.data', sample)}
});`
  const expected = isTypeScript
    ? '  // @ts-expect-error The data is missing, as it may be in what comes from outside.\n'
    : ''
  const refuses = `test('${name} refuses data that does not fit', () => {
${expected}  ${dialect.throws(`${name}({})`, 'data_invalid')}
});`
  return dialect.file([`import { ${name} } from '${file}';`], schema === undefined ? [carries] : [carries, refuses])
}
