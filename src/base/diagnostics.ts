/**
 * Node's `diagnostics_channel`, on platforms that have it: where it is missing nothing is told, and nothing else changes. It is asked
 * for and not imported, because whoever is watched (the hub, the events) runs on any platform.
 */
const found = globalThis.process?.getBuiltinModule?.('node:diagnostics_channel')

// Platforms that have some of Node may have the older half of it.
export const diagnostics = typeof found?.tracingChannel === 'function' ? found : undefined

export type DiagnosticsChannel = NonNullable<typeof found>
