/**
 * Node's zlib, on platforms that have it. It is asked for and not imported, so that `millrace/web` can be loaded where there is none:
 * what the web platform has in its place (`CompressionStream`) cannot be flushed, and would hold events back.
 */
export const zlib = globalThis.process?.getBuiltinModule?.('node:zlib')

export type Zlib = NonNullable<typeof zlib>
