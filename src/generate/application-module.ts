import { addImport, addToList, insert, usesName } from './edit.ts'
import { importsOf, localNames } from './imports.ts'
import { outline, statementEnd } from './outline.ts'
import type { Plan } from './plan.ts'
import type { Project } from './project.ts'

/** The application module, as it is added to. Where it is not as it was made, what to add is left to do by hand. */
export class ApplicationModule {
  readonly #project: Project
  readonly #plan: Plan
  readonly #path: string

  constructor(project: Project, plan: Plan, path: string) {
    this.#project = project
    this.#plan = plan
    this.#path = path
  }

  /** Exports an event, so that it is seen here and in `millrace list`. */
  addEvent(name: string, path: string): void {
    const line = this.#project.write(`export { ${name} } from '${this.#specifier(path)}';`)
    const text = this.#plan.read(this.#path)
    const last = [...outline(text).matchAll(/^export\s*\{[^}]*\}\s*from\b/gm)].at(-1)
    const end = last === undefined ? importsOf(text).at(-1)?.end : statementEnd(outline(text), last.index)
    if (end === undefined) this.#change(`${line}\n\n${text}`, `exports ${name}`)
    else this.#change(insert(text, end, `${last === undefined ? '\n' : ''}\n${line}`), `exports ${name}`)
  }

  /** Adds a channel to those of the hub. */
  addChannel(name: string, path: string): void {
    const changed = addToList(this.#plan.read(this.#path), 'createHub', 'channels', name)
    if (changed === undefined) {
      this.#todo(`give ${name} to the hub`, `${this.#import(name, path)}\n\ncreateHub({ channels: [..., ${name}] })`)
      return
    }
    this.#change(addImport(changed, this.#import(name, path)), `channel ${name}`)
  }

  /** Registers a listener, after those that there are. */
  addListener(
    listener: { readonly name: string; readonly path: string; readonly call: string },
    event: { readonly name: string; readonly path: string },
  ): void {
    const { name, path, call } = listener
    const text = this.#plan.read(this.#path)
    const registration = this.#project.write(call)
    const code = outline(text)
    const hasEvents = /^export\s+const\s+events\b/m.test(code)
    const needsHub = /\(hub\)/.test(call) && !/\b(?:const|let)\s+hub\b/.test(code) && !usesName(text, 'hub')
    const imports = [
      ...(this.#knows(text, event) ? [] : [this.#import(event.name, event.path)]),
      this.#import(name, path),
    ]
    if (!hasEvents || needsHub) {
      this.#todo(`register ${name}`, `${imports.join('\n')}\n\n${registration}`)
      return
    }
    const last = [...code.matchAll(/^events\s*\.\s*listen\s*\(/gm)].at(-1)
    const end = last === undefined ? text.trimEnd().length : statementEnd(code, last.index)
    const gap = last === undefined ? '\n\n' : '\n'
    const added = insert(text, end, `${gap}${registration}`)
    this.#change(imports.reduce(addImport, added), `${name} listens to ${event.name}`)
  }

  #knows(text: string, { name, path }: { readonly name: string; readonly path: string }): boolean {
    return path === this.#path || localNames(text, this.#specifier(path), [name]).includes(name)
  }

  #import(name: string, path: string): string {
    return this.#project.write(`import { ${name} } from '${this.#specifier(path)}';`)
  }

  #specifier(path: string): string {
    return this.#project.specifier(this.#path, path)
  }

  #change(text: string, what: string): void {
    this.#plan.change(this.#path, text, what)
  }

  #todo(what: string, code: string): void {
    this.#plan.todos.push({ path: this.#path, what, code })
  }
}
