import { createHash } from 'node:crypto'
import type { Connection } from './connection.ts'
import { library, type Procedure, procedures, scriptVersion, toScript } from './script.ts'

type Reply = string | number | null | readonly Reply[]

const digests = Object.fromEntries(
  procedures.map((name) => [name, createHash('sha1').update(toScript(name)).digest('hex')]),
) as Readonly<Record<Procedure, string>>

/**
 * Calls what runs inside Redis: as a function of our library (Redis 7 and Valkey), which any other program can call as well, and
 * where the server has no functions, or allows none, as a script.
 *
 * A server may lose either at any time (a restart without persistence, a failover, FLUSH): both are loaded again when it says so. It
 * has run nothing then, so the call can be made again.
 */
export class Procedures {
  readonly #connection: Connection
  readonly #prefix: string
  /** How to call on this connection; another server may be behind the next. */
  #isFunction: Promise<boolean> | undefined

  constructor(connection: Connection, prefix: string) {
    this.#connection = connection
    this.#prefix = prefix
    // At once, because other programs may call the functions before this one does.
    connection.listen({
      onReady: () => {
        this.#isFunction = this.#prepare()
        // Who calls next will hear of it.
        this.#isFunction.catch(() => {})
      },
      onLost: () => {
        this.#isFunction = undefined
      },
    })
  }

  async call(name: Procedure, args: readonly string[]): Promise<Reply> {
    this.#isFunction ??= this.#prepare()
    try {
      return await this.#run(name, args, await this.#isFunction)
    } catch (error) {
      if (!isMissing(error)) throw error
      this.#isFunction = this.#prepare()
      return await this.#run(name, args, await this.#isFunction)
    }
  }

  #run(name: Procedure, args: readonly string[], isFunction: boolean): Promise<Reply> {
    const command = isFunction ? ['FCALL', `millrace_${name}`] : ['EVALSHA', digests[name]]
    return this.#send([...command, '1', this.#prefix, ...args])
  }

  async #prepare(): Promise<boolean> {
    try {
      const version = await this.#send(['FCALL_RO', 'millrace_version', '0']).catch((error) => {
        if (isMissing(error)) return 0
        throw error
      })
      if (Number(version) < scriptVersion) await this.#send(['FUNCTION', 'LOAD', 'REPLACE', library])
      return true
    } catch (error) {
      if (!isUnsupported(error)) {
        this.#isFunction = undefined
        throw error
      }
      for (const name of procedures) await this.#send(['SCRIPT', 'LOAD', toScript(name)])
      return false
    }
  }

  #send(command: readonly string[]): Promise<Reply> {
    return this.#connection.client.sendCommand(command as string[])
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && /Function not found|NOSCRIPT/.test(error.message)
}

/** An old or a partial server, or one that forbids it to this user. */
function isUnsupported(error: unknown): boolean {
  return error instanceof Error && /unknown command|NOPERM|not supported|unknown subcommand/i.test(error.message)
}
