import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { MillraceError } from '../base/errors.ts'

/** One file that is made, or changed. */
export interface Step {
  readonly path: string
  /** What it holds now; undefined where it is made. */
  readonly before: string | undefined
  readonly after: string
  /** What it is for, in a few words. */
  readonly what: string
}

/** What somebody has to do by hand. */
export interface Todo {
  readonly path: string
  readonly what: string
  /** What to write there. */
  readonly code: string
}

/** What is to be done to an application's files: first all of it is thought through, then it is done, wholly or not at all. */
export class Plan {
  readonly #steps = new Map<string, Step>()
  readonly todos: Todo[] = []
  /** What else there is to say. */
  readonly notes: string[] = []
  /** What was found done already. */
  readonly found: string[] = []

  get steps(): readonly Step[] {
    return [...this.#steps.values()]
  }

  /** @throws {MillraceError} `file_exists` */
  create(path: string, text: string, what: string): void {
    if (existsSync(path) || this.#steps.has(path)) throw taken(path)
    this.#steps.set(path, { path, before: undefined, after: text, what })
  }

  /** The text of a file as it will be. */
  read(path: string): string {
    return this.#steps.get(path)?.after ?? readFileSync(path, 'utf8')
  }

  change(path: string, text: string, what: string): void {
    const step = this.#steps.get(path)
    const before = step === undefined ? readFileSync(path, 'utf8') : step.before
    // A file that is made here has one reason, and does not need more.
    const whole = step === undefined ? what : step.before === undefined ? step.what : `${step.what}, ${what}`
    // What is added has the line ends of the file that it is added to.
    const after = before?.includes('\r\n') ? text.replace(/\r?\n/g, '\r\n') : text
    this.#steps.set(path, { path, before, after, what: whole })
  }

  /** Does it. What was written before something failed is taken back. */
  apply(): void {
    const done: Step[] = []
    try {
      for (const step of this.#steps.values()) {
        if (step.before === undefined) {
          mkdirSync(dirname(step.path), { recursive: true })
          // Somebody else may have made it meanwhile.
          writeFileSync(step.path, step.after, { flag: 'wx' })
        } else writeFileSync(step.path, step.after)
        done.push(step)
      }
    } catch (error) {
      for (const { path, before } of done.toReversed()) {
        if (before === undefined) rmSync(path, { force: true })
        else writeFileSync(path, before)
      }
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw taken((error as NodeJS.ErrnoException).path ?? '')
      throw error
    }
  }
}

function taken(path: string): MillraceError {
  return new MillraceError(
    'file_exists',
    `There is a ${path} already, and nothing is overwritten. Nothing was changed.`,
    {
      data: { path },
    },
  )
}
