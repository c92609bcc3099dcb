import type { StandardSchemaV1 } from '@standard-schema/spec'
import { MillraceError } from './errors.ts'

/** Any schema that follows Standard Schema v1: zod, valibot, arktype and others. */
export type Schema<Input = unknown, Output = Input> = StandardSchemaV1<Input, Output>

/**
 * The schema's output for `value`.
 *
 * @throws {MillraceError} `data_invalid` with `data.issues` (`{ path, message }[]`); `schema_asynchronous` for a schema
 * that answers with a promise, because an event is made in one step.
 */
export function validate<Output>(schema: Schema<unknown, Output>, value: unknown, subject: string): Output {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) {
    throw new MillraceError(
      'schema_asynchronous',
      `The schema of ${subject} is asynchronous. Use one that validates in one step.`,
    )
  }
  if (result.issues === undefined) return result.value
  const issues = result.issues.map((issue) => ({ path: pathOf(issue), message: issue.message }))
  const list = issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ')
  throw new MillraceError('data_invalid', `The data of ${subject} does not fit its schema: ${list}`, {
    data: { issues },
  })
}

function pathOf(issue: StandardSchemaV1.Issue): string {
  return (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
}
