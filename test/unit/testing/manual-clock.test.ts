import { describe, expect, it } from 'vitest'
import { manualClock } from '../../../src/testing/manual-clock.ts'

describe('a manual clock', () => {
  it('stands still from now, or from a moment of choice, until it is advanced', () => {
    expect(Math.abs(manualClock().now() - Date.now())).toBeLessThan(5_000)
    const clock = manualClock(new Date('2026-01-01T00:00:00Z'))
    expect(clock.now()).toBe(1_767_225_600_000)
    clock.advance(5)
    expect(clock.now()).toBe(1_767_225_600_005)
  })

  it('fires what falls due on the way, in order of time and then as it was set', () => {
    const clock = manualClock(0)
    const fired: string[] = []
    const note = (name: string) => () => fired.push(`${name} at ${clock.now()}`)
    clock.after(20, note('b'))
    clock.after(10, note('a'))
    clock.after(20, note('c'))
    clock.after(31, note('never'))
    const cancel = clock.after(5, note('cancelled'))
    cancel()
    clock.after(10, () => clock.after(15, note('set on the way')))
    expect(clock.timers).toBe(5)
    clock.advance(30)
    expect(fired).toEqual(['a at 10', 'b at 20', 'c at 20', 'set on the way at 25'])
    expect(clock.now()).toBe(30)
    expect(clock.timers).toBe(1)
  })

  it('repeats until it is ended', () => {
    const clock = manualClock(0)
    let count = 0
    const end = clock.every(10, () => count++)
    clock.advance(35)
    end()
    clock.advance(100)
    expect(count).toBe(3)
    expect(clock.timers).toBe(0)
  })

  it('does not go back', () => {
    expect(() => manualClock().advance(-1)).toThrow(expect.objectContaining({ code: 'option_invalid' }))
    expect(() => manualClock().advance(Number.NaN)).toThrow('not by NaN')
  })
})
