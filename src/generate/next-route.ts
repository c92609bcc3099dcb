import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { outline } from './outline.ts'
import type { Plan } from './plan.ts'
import type { Project } from './project.ts'
import { findRoute } from './server-file.ts'
import { stemOf } from './sources.ts'
import { routeTemplate } from './templates/route.ts'

/** The folder of the App Router. */
export function nextFolder(root: string): string {
  const isInSrc = existsSync(join(root, 'src/app')) || (!existsSync(join(root, 'app')) && existsSync(join(root, 'src')))
  return isInSrc ? 'src/app' : 'app'
}

/** Adds `/sse` to an application of Next.js, where it does not stream yet. */
export function addNextRoute(plan: Plan, project: Project, app: string): void {
  const { root } = project.manifest
  const found = findRoute(project)
  if (found !== undefined) {
    plan.found.push(`${project.show(found)} streams`)
    return
  }
  const path = join(root, nextFolder(root), 'sse', `route${project.extension === '.mjs' ? '.js' : project.extension}`)
  const template = routeTemplate(project.specifier(path, app), hasCacheComponents(project))
  plan.create(path, project.write(template), 'GET /sse')
}

/** Next.js refuses to build a route that says `runtime` or `dynamic` where this is set. */
function hasCacheComponents({ sources }: Project): boolean {
  const config = sources.find(({ path }) => stemOf(path) === 'next')
  return config !== undefined && /\bcacheComponents\s*:\s*true\b/.test(outline(config.text))
}
