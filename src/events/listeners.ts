import { MillraceError, quote } from '../base/errors.ts'
import type { Schema } from '../base/schema.ts'
import type { Registration } from './registration.ts'

interface Place {
  readonly order: number
  /** Lets go of the signal that would remove it. */
  readonly release: () => void
}

/** Who listens to what, in order of registration. Found by name, so that a dispatch does not look at all of them. */
export class Listeners {
  readonly #places = new Map<Registration, Place>()
  readonly #byId = new Map<string, Registration>()
  readonly #byName = new Map<string, Set<Registration>>()
  readonly #byPattern = new Map<Registration, (name: string) => boolean>()
  #next = 0

  /**
   * Adds it until it is removed or the signal aborts.
   *
   * @throws {MillraceError} `listener_invalid` where its id is taken.
   */
  add(registration: Registration, signal: AbortSignal | undefined): void {
    const { id, names } = registration
    if (id !== undefined && this.#byId.has(id)) {
      throw new MillraceError(
        'listener_invalid',
        `There is a listener with the id ${quote(id)} already. Give this one another id, or remove the first.`,
      )
    }
    if (id !== undefined) this.#byId.set(id, registration)
    if (typeof names === 'function') this.#byPattern.set(registration, names)
    else for (const name of names) this.#sharing(name).add(registration)

    const onAbort = () => this.remove(registration)
    signal?.addEventListener('abort', onAbort, { once: true })
    const release = () => signal?.removeEventListener('abort', onAbort)
    this.#places.set(registration, { order: this.#next++, release })
  }

  /** Removes it; does nothing where it is not registered (any more). */
  remove(registration: Registration): void {
    const { id, names } = registration
    const place = this.#places.get(registration)
    if (place === undefined) return
    this.#places.delete(registration)
    place.release()
    if (id !== undefined) this.#byId.delete(id)
    if (typeof names === 'function') {
      this.#byPattern.delete(registration)
      return
    }
    for (const name of names) {
      const sharing = this.#sharing(name)
      sharing.delete(registration)
      if (sharing.size === 0) this.#byName.delete(name)
    }
  }

  has(registration: Registration): boolean {
    return this.#places.has(registration)
  }

  withId(id: string): Registration | undefined {
    return this.#byId.get(id)
  }

  /** In order of registration. */
  all(): readonly Registration[] {
    return [...this.#places.keys()]
  }

  /** By which the data of events of that name is checked: that of the first listener that knows one. */
  schemaOf(name: string): Schema<unknown, unknown> | undefined {
    for (const registration of this.#byName.get(name) ?? []) {
      const schema = registration.schemaOf(name)
      if (schema !== undefined) return schema
    }
    return undefined
  }

  /** A snapshot of those who listen to `name`, in order of registration. */
  matching(name: string): readonly Registration[] {
    const found = [...(this.#byName.get(name) ?? [])]
    const named = found.length
    for (const [registration, matches] of this.#byPattern) if (matches(name)) found.push(registration)
    // Each of the two is in order by itself.
    if (named === 0 || named === found.length) return found
    return found.sort((a, b) => this.#orderOf(a) - this.#orderOf(b))
  }

  #sharing(name: string): Set<Registration> {
    const known = this.#byName.get(name)
    if (known !== undefined) return known
    const made = new Set<Registration>()
    this.#byName.set(name, made)
    return made
  }

  #orderOf(registration: Registration): number {
    return this.#places.get(registration)?.order ?? 0
  }
}
