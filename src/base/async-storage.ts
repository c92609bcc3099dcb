/** A value for all that is called from one function, also after `await`: Node's `AsyncLocalStorage`, as far as it is needed here. */
export interface AsyncStorage<Value> {
  run<Result>(value: Value, run: () => Result): Result
  getStore(): Value | undefined
}

/** Undefined on a platform that has none. It is asked for and not imported, so that what uses it can be loaded there. */
export function asyncStorage<Value>(): AsyncStorage<Value> | undefined {
  const hooks = globalThis.process?.getBuiltinModule?.('node:async_hooks')
  return hooks === undefined ? undefined : new hooks.AsyncLocalStorage<Value>()
}
