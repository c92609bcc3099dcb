export { type MillraceMatchers, millraceMatchers } from './testing/vitest.ts'
