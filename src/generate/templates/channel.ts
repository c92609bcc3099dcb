import type { Pattern } from '../../channels/pattern.ts'
import type { TestDialect } from './test-file.ts'

export interface ChannelTemplate {
  /** Its name in the code. */
  readonly name: string
  readonly pattern: Pattern
  readonly isPrivate: boolean
}

/** The declaration of a channel. */
export function channelTemplate({ name, pattern, isPrivate }: ChannelTemplate): string {
  const { text, params } = pattern
  if (!isPrivate) {
    return `import { defineChannel } from 'millrace';

/** Everyone may subscribe to it. */
export const ${name} = defineChannel('${text}');
`
  }
  const given = params.length === 0 ? '{ request }' : '{ params, request }'
  const wanted = params.length === 0 ? '' : `\`params.${params[0]}\`, and `
  return `import { defineChannel } from 'millrace';

export const ${name} = defineChannel('${text}', {
  // Who may subscribe: nobody, until this says otherwise. It is given ${given}: ${wanted}what tells who asks,
  // \`request.header('cookie')\` or, behind your own middleware, \`request.raw\`.
  authorize: () => false,
});
`
}

/** Its test: its name, and who may join. */
export function channelTestTemplate(
  { name, pattern, isPrivate }: ChannelTemplate,
  file: string,
  dialect: TestDialect,
): string {
  const { params } = pattern
  const isOpen = pattern.text.includes('*')
  const values = Object.fromEntries(params.map((param, index) => [param, String(index + 1)]))
  // A wildcard has no name of its own.
  const instance = isOpen ? filled(pattern.text, values) : pattern.build(values)
  const call = `${name}(${params.length === 0 ? '' : `{ ${params.map((param) => `${param}: '${values[param]}'`).join(', ')} }`})`
  const imports = [
    "import { createHub } from 'millrace';",
    "import { sse } from 'millrace/web';",
    `import { ${name} } from '${file}';`,
  ]
  const naming = `
test('${name} has the name ${instance}', () => {
  ${dialect.same(call, `'${instance}'`)}
});
`
  return `${dialect.imports(imports)}
${isOpen ? '' : naming}
test('${isPrivate ? `a stranger may not subscribe to ${name}` : `everyone may subscribe to ${name}`}', async () => {
  const hub = createHub({ channels: [${name}] });

  const response = await sse(hub)(new Request('http://localhost/sse?channel=${encodeURIComponent(instance)}'));

  ${dialect.same('response.status', isPrivate ? '403' : '200')}
  await response.body?.cancel();
  await hub.close();
});
`
}

function filled(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (_, param: string) => values[param] ?? '').replaceAll('*', 'any')
}
