import type {} from 'vitest'
import type { MillraceMatchers } from './matchers.ts'

declare global {
  namespace Chai {
    // Vitest's own `Matchers` has other type parameters in its version 5 than in 4, and one declaration cannot have both. What its
    // assertions take from Chai has none.
    interface Assertion extends MillraceMatchers {}
  }
}

export { type MillraceMatchers, millraceMatchers } from './matchers.ts'
