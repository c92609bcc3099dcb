import type { TestDialect } from './test-file.ts'

export interface ListenerTemplate {
  /** Of the function: `sendMessage`. */
  readonly name: string
  /** The event it is for: its name in the code, and how its file is imported. */
  readonly event: { readonly name: string; readonly file: string }
  /** The channel that it publishes on; without one it only tells of the event. */
  readonly channel: { readonly name: string; readonly text: string; readonly file: string } | undefined
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
  return isQueued ? ' It may be run more than once for an event, which has the same `id` each time.' : ''
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
  const isTypeOnly = sample === undefined && isTypeScript
  const eventImports =
    sample !== undefined
      ? [`import { ${event.name} } from '${event.file}';`]
      : isTypeOnly
        ? [`import type { ${event.name} } from '${event.file}';`]
        : []
  const ownImport = `import { ${name} } from '${file}';`
  const made = eventCode(event.name, sample, isTypeScript)
  const types = isTypeOnly ? ["import type { EventOf } from 'millrace';"] : []
  if (channel === undefined) {
    return `${dialect.imports([...types, ...eventImports, ownImport])}

test('${name} tells of the event', () => {
  const told${isTypeScript ? ': string[]' : ''} = [];
  const event = ${made};

  ${name}((line) => told.push(line))(event);

  ${dialect.equal('told', `[\`${event.name} \${event.id}\`]`)}
});
`
  }
  return `${dialect.imports([...types, ...eventImports, ownImport])}

test('${name} publishes the event on ${channel.name}', async () => {
  const published${isTypeScript ? ': unknown[]' : ''} = [];
  const hub = {
    publish: async (...message${isTypeScript ? ': unknown[]' : ''}) => {
      published.push(message);
      return null;
    },
  };
  const event = ${made};

  await ${name}(hub)(event);

  ${dialect.equal('published', `[['${channel.text}', event]]`)}
});
`
}
