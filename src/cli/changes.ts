import type { Plan, Todo } from '../generate/plan.ts'
import type { Project } from '../generate/project.ts'
import { paint, printable, say } from './output.ts'

export interface ChangesOptions {
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** Does what was planned, or with `dryRun` nothing, and says it: for people, or as one line of JSON with `more` in it. */
export function carryOut(
  project: Project,
  plan: Plan,
  options: ChangesOptions,
  more: Readonly<Record<string, unknown>> = {},
): void {
  const { dryRun = false, json = false } = options
  if (!dryRun) plan.apply()
  const todos = plan.todos.map((todo) => ({ ...todo, path: project.show(todo.path) }))
  if (json) {
    const paths = (isNew: boolean) =>
      plan.steps.filter(({ before }) => (before === undefined) === isNew).map(({ path }) => project.show(path))
    say(
      JSON.stringify({ created: paths(true), changed: paths(false), todo: todos, notes: plan.notes, dryRun, ...more }),
    )
    return
  }
  const rows = plan.steps.map(({ path, before, what }) => [
    before === undefined ? 'created' : 'changed',
    project.show(path),
    what,
  ])
  const width = Math.max(0, ...rows.map(([, path = '']) => path.length))
  for (const [verb = '', path = '', what = ''] of rows) {
    const would = dryRun ? `would be ${verb}` : verb
    say(
      `${paint(verb === 'created' ? 'green' : 'yellow', would)}  ${path.padEnd(width)}  ${paint('dim', printable(what))}`,
    )
  }
  for (const note of plan.notes) say(`${paint('yellow', 'note')}     ${note}`)
  for (const todo of todos) sayTodo(todo)
}

function sayTodo({ path, what, code }: Todo): void {
  say(`\n${paint('yellow', 'by hand')}  ${path}: ${what}\n`)
  for (const line of code.split('\n')) say(line === '' ? '' : `    ${line}`)
}
