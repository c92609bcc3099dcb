import { describe, expect, it, vi } from 'vitest'
import { defineEvent } from '../../../src/events/define.ts'
import { createEvents } from '../../../src/events/dispatch.ts'
import { turn } from '../../support/manual-clock.ts'

const Placed = defineEvent<number>('Placed')

function listening() {
  const events = createEvents()
  const heard: number[] = []
  events.listen(Placed, ({ data }) => heard.push(data))
  return { events, heard }
}

describe('buffer', () => {
  it('holds dispatches back until its work has succeeded, and gives what that gave', async () => {
    const { events, heard } = listening()
    const result = await events.buffer(async () => {
      await events.dispatch(Placed(1))
      await turn()
      await events.dispatch(Placed(2))
      expect(heard).toEqual([])
      return 'committed'
    })
    expect(result).toBe('committed')
    expect(heard).toEqual([1, 2])
  })

  it('drops them when its work fails, and fails with what that threw', async () => {
    const { events, heard } = listening()
    const boom = new Error('rolled back')
    const work = async () => {
      await events.dispatch(Placed(1))
      throw boom
    }
    await expect(events.buffer(work)).rejects.toBe(boom)
    await events.dispatch(Placed(2))
    expect(heard).toEqual([2])
  })

  it('takes work that is not asynchronous', async () => {
    const { events, heard } = listening()
    const boom = () => {
      throw new Error('boom')
    }
    expect(await events.buffer(() => 5)).toBe(5)
    await expect(events.buffer(boom)).rejects.toThrow('boom')
    expect(heard).toEqual([])
  })

  it('does not hold what others dispatch meanwhile', async () => {
    const { events, heard } = listening()
    let finish = () => {}
    const buffered = events.buffer(async () => {
      await events.dispatch(Placed(1))
      await new Promise<void>((resolve) => {
        finish = resolve
      })
    })
    await turn()
    await events.dispatch(Placed(2))
    expect(heard).toEqual([2])
    finish()
    await buffered
    expect(heard).toEqual([2, 1])
  })

  it('hands on to the buffer around it, in order', async () => {
    const { events, heard } = listening()
    await events.buffer(async () => {
      await events.dispatch(Placed(1))
      await events.buffer(() => events.dispatch(Placed(2)))
      expect(heard).toEqual([])
      await events.dispatch(Placed(3))
    })
    expect(heard).toEqual([1, 2, 3])
  })

  it('drops only its own when the one around it goes on', async () => {
    const { events, heard } = listening()
    await events.buffer(async () => {
      await events.dispatch(Placed(1))
      await events
        .buffer(async () => {
          await events.dispatch(Placed(2))
          throw new Error('savepoint')
        })
        .catch(() => {})
      await events.dispatch(Placed(3))
    })
    expect(heard).toEqual([1, 3])
  })

  it('drops what inner ones handed on when it fails', async () => {
    const { events, heard } = listening()
    const work = async () => {
      await events.buffer(() => events.dispatch(Placed(1)))
      throw new Error('rolled back')
    }
    await expect(events.buffer(work)).rejects.toThrow('rolled back')
    expect(heard).toEqual([])
  })

  it('lets go of what goes on after it has ended', async () => {
    const { events, heard } = listening()
    let late = Promise.resolve()
    await events.buffer(async () => {
      late = turn().then(() => events.dispatch(Placed(1)))
    })
    await late
    expect(heard).toEqual([1])
  })

  it('dispatches all its events although listeners of one fail, and tells which', async () => {
    const events = createEvents()
    const heard = vi.fn()
    events.listen(Placed, ({ data }) => {
      heard(data)
      if (data !== 2) throw new Error(`no ${data}`)
    })
    const work = async () => {
      for (const data of [1, 2, 3]) await events.dispatch(Placed(data))
    }
    await expect(events.buffer(work)).rejects.toMatchObject({
      name: 'AggregateError',
      errors: [{ event: { data: 1 } }, { event: { data: 3 } }],
    })
    expect(heard.mock.calls).toEqual([[1], [2], [3]])
    await expect(events.buffer(() => events.dispatch(Placed(1)))).rejects.toMatchObject({ code: 'listener_failed' })
  })

  it('refuses at once what is no event, and more events than it holds', async () => {
    const { events, heard } = listening()
    await expect(events.buffer(() => events.dispatch({} as never))).rejects.toMatchObject({ code: 'event_invalid' })
    const flood = async () => {
      for (let index = 0; index < 10_001; index++) await events.dispatch(Placed(index))
    }
    await expect(events.buffer(flood)).rejects.toMatchObject({ code: 'buffer_full', data: { limit: 10_000 } })
    expect(heard).toEqual([])
  })

  it('is waited for by close, and its events are dispatched', async () => {
    const { events, heard } = listening()
    const buffered = events.buffer(async () => {
      await events.dispatch(Placed(1))
      await turn()
    })
    await turn()
    await events.close()
    await buffered
    expect(heard).toEqual([1])
  })

  it('is of one events object: that of another dispatches at once', async () => {
    const [one, other] = [listening(), listening()]
    await one.events.buffer(async () => {
      await other.events.dispatch(Placed(1))
      expect(other.heard).toEqual([1])
    })
  })
})
