import type { TestDialect } from './test-file.ts'

export interface ListenerTemplate {
  /** Of the function: `sendMessage`. */
  readonly name: string
  /** The event it is for: its name in the code, and how its file is imported. */
  readonly event: { readonly name: string; readonly file: string }
  /** The channel that it publishes on; without one it only tells of the event. */
  readonly channel: { readonly name: string; readonly file: string } | undefined
  readonly isQueued: boolean
  readonly isTypeScript: boolean
}

/** A listener: a function that is given what it works with, and gives the function that is run for an event. */
export function listenerTemplate(listener: ListenerTemplate): string {
  const { name, event, channel, isTypeScript } = listener
  const parameter = isTypeScript ? `event: EventOf<typeof ${event.name}>` : 'event'
  if (channel === undefined) {
    const types = isTypeScript
      ? `import type { EventOf } from 'millrace';\nimport type { ${event.name} } from '${event.file}';\n\n`
      : ''
    return `${types}/** Tells of the event.${onQueue(listener)} */
export function ${name}(tell${isTypeScript ? ': (line: string) => void' : ''} = console.log) {
  return (${parameter})${isTypeScript ? ': void' : ''} => {
    tell(\`\${event.name} \${event.id}\`);
  };
}
`
  }
  const imports = isTypeScript
    ? `import type { EventOf, Hub } from 'millrace';
import { ${channel.name} } from '${channel.file}';
import type { ${event.name} } from '${event.file}';`
    : `import { ${channel.name} } from '${channel.file}';`
  return `${imports}

/** Publishes the event on \`${channel.name}\`.${onQueue(listener)} */
export function ${name}(hub${isTypeScript ? ": Pick<Hub, 'publish'>" : ''}) {
  return async (${parameter})${isTypeScript ? ': Promise<void>' : ''} => {
    await hub.publish(${channel.name}(), event);
  };
}
`
}

/** What the author of a queued listener must know. */
function onQueue({ isQueued }: ListenerTemplate): string {
  return isQueued ? ' It may run more than once for an event, each time with the same `id`.' : ''
}

/** Code of an event, for a test: made by its definition, or where nobody knows what that takes, in its shape. */
export function eventCode(name: string, sample: string | undefined, isTypeScript: boolean): string {
  if (sample !== undefined) return `${name}(${sample})`
  const shape = `{ id: '1', name: '${name}', at: 0, data: {} }`
  return isTypeScript ? `${shape} as unknown as EventOf<typeof ${name}>` : shape
}

/** Its test: what it does for an event. */
export function listenerTestTemplate(
  { name, event, channel, isTypeScript }: ListenerTemplate,
  file: string,
  sample: string | undefined,
  dialect: TestDialect,
): string {
  const isMade = sample !== undefined
  const imports = [
    ...(isMade || !isTypeScript ? [] : ["import type { EventOf } from 'millrace';"]),
    ...(isMade || isTypeScript ? [`import ${isMade ? '' : 'type '}{ ${event.name} } from '${event.file}';`] : []),
    `import { ${name} } from '${file}';`,
  ]
  const made = eventCode(event.name, sample, isTypeScript)
  if (channel === undefined) {
    const tells = `test('${name} tells of the event', () => {
  const told${isTypeScript ? ': string[]' : ''} = [];
  const event = ${made};

  ${name}((line) => told.push(line))(event);

  ${dialect.equal('told', `[\`${event.name} \${event.id}\`]`)}
});`
    return dialect.file(imports, [tells])
  }
  const what = isMade && sample !== '' ? `, ${event.name}, ${sample}` : isMade ? `, ${event.name}` : ''
  const publishes = `test('${name} publishes the event on ${channel.name}', async () => {
  const hub = testHub({ channels: [${channel.name}] });

  await ${name}(hub)(${made});

  hub.assertPublished(${channel.name}()${what});
});`
  const others = ["import { testHub } from 'millrace/testing';", `import { ${channel.name} } from '${channel.file}';`]
  return dialect.file([...others, ...imports], [publishes])
}
