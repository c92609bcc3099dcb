import { MillraceError, type OnError } from '../base/errors.ts'
import type { Broker } from '../broker/port.ts'

export interface RedisBrokerOptions {
  readonly relay?: readonly string[]
  readonly relayPrefix?: string | undefined
  readonly wait?: number | undefined
  readonly minReplicas?: number | undefined
  readonly onError: OnError
}

/**
 * The Redis broker. Its driver is loaded only here, so that a server on the memory broker does without the package.
 *
 * @throws {MillraceError} `option_invalid`, `dependency_missing`
 */
export async function openRedis(url: string, options: RedisBrokerOptions): Promise<Broker> {
  assertRedisUrl(url)
  const { redis } = await import('../broker/redis/redis.ts').catch((cause: unknown) => {
    throw isMissing(cause) ? missing(cause) : cause
  })
  return redis(url, withoutUndefined(options))
}

/**
 * The disk broker, on the directory `dir`. Loaded only here, as others do without its driver.
 *
 * @throws {MillraceError} `option_invalid`, `data_locked`, `data_unavailable`, `data_incompatible`, `dependency_missing`
 */
export async function openDisk(dir: string, onError: OnError): Promise<Broker> {
  if (dir === '') throw new MillraceError('option_invalid', '--data needs the path of a directory.')
  const { disk } = await import('../broker/disk/disk.ts')
  return disk(dir, { onError })
}

/** An option that is left out is not one that is undefined. */
function withoutUndefined<T extends object>(options: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never
}

/** The URL as it may be shown: without user and password, and without what its query may hold. */
export function showRedisUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}

/** The value is not in the message: it may hold a password. */
function assertRedisUrl(url: string): void {
  if (URL.canParse(url) && /^rediss?:$/.test(new URL(url).protocol) && new URL(url).host !== '') return
  throw new MillraceError(
    'option_invalid',
    'The Redis URL is not understood. Give redis://[user[:password]@]host[:port][/database], or rediss:// for TLS.',
  )
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
}

function missing(cause: unknown): MillraceError {
  return new MillraceError(
    'dependency_missing',
    'Redis needs the package "redis", which is not here: npm install redis',
    {
      cause,
    },
  )
}
