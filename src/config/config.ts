/** The ways in which `millrace make` can name a file for `NewMessage`. */
export const fileNameStyles = ['kebab-case', 'camelCase', 'PascalCase', 'snake_case'] as const

/** `new-message`, `newMessage`, `NewMessage`, `new_message`. */
export type FileNameStyle = (typeof fileNameStyles)[number]

/** The test runners for which `millrace make` can write. */
export const testRunners = ['vitest', 'jest', 'node'] as const

/** `node` is Node's own, `node:test`. */
export type TestRunner = (typeof testRunners)[number]

/** What `millrace.config.ts` says. Paths are relative to its folder. */
export interface Config {
  /**
   * The application module: it exports `events`, made by `createEvents`, and, where there is one, `hub`, made by `createHub`.
   *
   * `millrace work`, `failed` and `list` import it, so importing it must do no more than make these two: no server that listens.
   */
  readonly app: string
  /** Where `millrace make event` writes, and looks for those that there are. @default `events`, beside `app` */
  readonly events?: string
  /** Where `millrace make listener` writes. @default `listeners`, beside `app` */
  readonly listeners?: string
  /** Where `millrace make channel` writes. @default `channels`, beside `app` */
  readonly channels?: string
  /** How the files are named that `millrace make` writes. @default as most of those that are there, or else `kebab-case` */
  readonly fileNames?: FileNameStyle
  /** What runs the tests that `millrace make` writes; false for no tests. @default what its `test` script or package.json names: vitest, jest, or else node */
  readonly tests?: TestRunner | false
}

/** Gives back what it is given: it is there for the types. */
export function defineConfig(config: Config): Config {
  return config
}
