import { MillraceError, quote } from '../base/errors.ts'
import { type Manifest, majorOf, unsupported } from './manifest.ts'

/** What `millrace init` knows. */
export const frameworks = ['express', 'fastify', 'hono', 'next'] as const
export type Framework = (typeof frameworks)[number]

/** As people write it. */
export const frameworkNames: Readonly<Record<Framework, string>> = {
  express: 'Express',
  fastify: 'Fastify',
  hono: 'Hono',
  next: 'Next.js',
}

/** The first version that works. */
const oldest: Readonly<Record<Framework, number>> = { express: 4, fastify: 5, hono: 4, next: 14 }

/**
 * The framework of an application: the one that is wanted, or else the one that its package.json has.
 *
 * @throws {MillraceError} `project_unsupported`, `option_invalid`
 */
export function frameworkOf(manifest: Manifest, wanted: string | undefined): Framework {
  const framework = wanted === undefined ? detect(manifest) : frameworks.find((name) => name === wanted)
  if (framework === undefined) {
    throw new MillraceError('option_invalid', `--framework is ${quote(wanted)}. Give one of ${frameworks.join(', ')}.`)
  }
  const major = majorOf(manifest, framework)
  if (major !== undefined && major < oldest[framework]) {
    throw unsupported(
      `This application has ${frameworkNames[framework]} ${major}; Millrace needs ${oldest[framework]} or newer. Nothing was changed.`,
    )
  }
  return framework
}

function detect({ dependencies, path }: Manifest): Framework {
  const found = frameworks.filter((name) => name in dependencies)
  const [only, second] = found
  if (only === undefined) {
    throw unsupported(
      `${path} has none of express, fastify, hono and next. Start in the application's folder, or give --framework. ` +
        'For others, a handler of node:http or fetch is a line: see docs/adapters.md.',
    )
  }
  // Next.js may have one of the others beside it, as a server for something else.
  if (second === undefined || found.includes('next')) return found.includes('next') ? 'next' : only
  throw unsupported(`${path} has ${found.join(' and ')}. Say which one with --framework.`)
}
