import type {} from 'vitest'
import type { MillraceMatchers } from './matchers.ts'

declare module 'vitest' {
  interface Matchers<T> extends MillraceMatchers {}
}

export { type MillraceMatchers, millraceMatchers } from './matchers.ts'
