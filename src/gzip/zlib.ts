/**
 * Node's zlib, on platforms that have it. It is asked for and not imported, so that `millrace/web` can be loaded where there is none:
 * what the web platform has in its place (`CompressionStream`) cannot be flushed, and would hold events back.
 */
const found = globalThis.process?.getBuiltinModule?.('node:zlib')

// Platforms that have some of Node may have a zlib without it.
export const zlib = typeof found?.crc32 === 'function' ? found : undefined

export type Zlib = NonNullable<typeof found>
