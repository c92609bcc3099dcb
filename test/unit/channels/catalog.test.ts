import { describe, expect, test } from 'vitest'
import { createCatalog } from '../../../src/channels/catalog.ts'
import { defineChannel } from '../../../src/channels/define.ts'

describe('a catalog of channels', () => {
  const admin = defineChannel('rooms.admin')
  const rooms = defineChannel('rooms.{room}')
  const news = defineChannel('news-*')
  const any = defineChannel('*')

  test.each([
    ['rooms.admin', admin],
    ['rooms.lobby', rooms],
    ['news-1', news],
    ['rooms.a.b', any],
    ['other', any],
  ])('finds for %s the most exact declaration, in whatever order they stand', (name, channel) => {
    expect(createCatalog([any, news, rooms, admin]).find(name)).toBe(channel)
    expect(createCatalog([admin, rooms, news, any]).find(name)).toBe(channel)
  })

  test('knows nothing that was not declared', () => {
    const catalog = createCatalog([rooms])
    for (const name of ['rooms', 'rooms.a.b', 'Rooms.a', 'news']) {
      expect(() => catalog.find(name)).toThrow(expect.objectContaining({ code: 'channel_unknown' }))
    }
  })

  test.each(['', 'a b', 'a\nb', 'a,b', 'rooms.{room}', '*', 'x'.repeat(201), 5, null, undefined, {}])(
    'refuses %j as a name',
    (name) => {
      expect(() => createCatalog([any]).find(name)).toThrow(expect.objectContaining({ code: 'channel_invalid' }))
    },
  )

  test('refuses two declarations of one shape', () => {
    expect(() => createCatalog([rooms, defineChannel('rooms.{id}')])).toThrow(
      expect.objectContaining({ code: 'channel_conflict' }),
    )
  })

  test('goes on finding when more names came by than it remembers', () => {
    const catalog = createCatalog([rooms])
    for (let n = 0; n < 25_000; n++) expect(catalog.find(`rooms.${n}`)).toBe(rooms)
  })
})
