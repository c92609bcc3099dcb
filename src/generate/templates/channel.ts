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
  const wanted = params.length === 0 ? '' : `\`params.${params[0]}\` is what is asked for, and `
  return `import { defineChannel } from 'millrace';

export const ${name} = defineChannel('${text}', {
  // Who may subscribe: nobody, until this says otherwise. It is given \`${given}\`:
  // ${wanted}\`request.header('cookie')\` tells who asks,
  // or \`request.raw\`, with what your own middleware has found out.
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
  const { text, params } = pattern
  const values = params.map((param, index) => [param, String(index + 1)] as const)
  const call = `${name}(${params.length === 0 ? '' : `{ ${values.map(([param, value]) => `${param}: '${value}'`).join(', ')} }`})`
  // One with a wildcard cannot be called: its names are written.
  const isOpen = text.includes('*')
  const literal = `'${values.reduce((built, [param, value]) => built.replace(`{${param}}`, value), text).replaceAll('*', 'any')}'`
  const one = isOpen ? literal : call
  const naming = `test('${name} has the name ${literal.slice(1, -1)}', () => {
  ${dialect.same(call, literal)}
});`
  const open = `test('everyone may subscribe to ${name}', async () => {
  const hub = testHub({ channels: [${name}] });
  const page = await hub.connect(${one});

  await hub.publish(${one}, 'Hello');

  page.assertReceived('Hello');
});`
  const closed = `test('a stranger may not subscribe to ${name}', async () => {
  const hub = testHub({ channels: [${name}] });

  ${dialect.rejects(`hub.connect(${one})`, 'channel_forbidden')}
});`
  const imports = ["import { testHub } from 'millrace/testing';", `import { ${name} } from '${file}';`]
  return dialect.file(imports, [...(isOpen ? [] : [naming]), isPrivate ? closed : open])
}
