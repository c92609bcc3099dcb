import { type Application, loadApplication } from './application.ts'
import { assertDurable } from './durable.ts'
import { report } from './exit.ts'
import { endWithReader, written } from './output.ts'

/** What every command has that looks at an application. */
export interface LookOptions {
  readonly app?: string
  readonly json?: boolean
}

/**
 * Loads the application, without running any job of it, and does something with it.
 *
 * Never returns: it ends the process, with the code that `use` gives. Whatever else the module has opened, such as a pool of
 * connections to a database, must not hold a command that is done.
 */
export async function look(
  { app, json }: LookOptions,
  use: (application: Application) => Promise<number>,
): Promise<void> {
  endWithReader()
  const code = await codeOf(app, json, use)
  await written()
  process.exit(code)
}

/** The same for what is done with its jobs. */
export function lookAtJobs(options: LookOptions, use: (application: Application) => Promise<number>): Promise<void> {
  return look(options, async (application) => {
    assertDurable(application)
    return use(application)
  })
}

async function codeOf(
  app: string | undefined,
  json: boolean | undefined,
  use: (application: Application) => Promise<number>,
): Promise<number> {
  try {
    const application = await loadApplication({ app, work: false })
    try {
      return await use(application)
    } finally {
      await application.close()
    }
  } catch (error) {
    return report(error, json)
  }
}
