import { describe, expect, test } from 'vitest'
import { compilePattern } from '../../../src/channels/pattern.ts'

describe('a channel pattern', () => {
  test.each([
    ['news', ['news'], ['news.1', 'New', 'news ', '']],
    [
      'rooms.{room}',
      ['rooms.1', 'rooms.a-b_c~é@'],
      ['rooms', 'rooms.', 'rooms.1.2', 'rooms.a/b', 'rooms.a:b', 'xrooms.1'],
    ],
    ['a.{x}.{y}', ['a.1.2'], ['a.1', 'a.1.2.3', 'a..2']],
    ['user-{id}-inbox', ['user-7-inbox'], ['user--inbox', 'user-7-inboxes']],
    ['news-*', ['news-', 'news-1', 'news-a.b/c:d'], ['news', 'news-a b', 'news-a,b', 'news-\n']],
    ['*', ['a', 'https://example.com/books/1?x=1#y', 'é'], ['a b', 'a,b', 'a\u0000', '{a}', '*']],
    [
      'https://example.com/books/{id}',
      ['https://example.com/books/1'],
      ['https://example.com/books/1/2', 'httpsx//example.com/books/1'],
    ],
    ['a.b+c(d)[e]|f^g$h?', ['a.b+c(d)[e]|f^g$h?'], ['aXb+c(d)[e]|f^g$h?']],
  ])('%s matches %j and not %j', (text, names, others) => {
    const { match } = compilePattern(text)
    expect(names.filter((name) => match(name) === undefined)).toEqual([])
    expect(others.filter((name) => match(name) !== undefined)).toEqual([])
  })

  test('builds the name that it reads the same parameters from', () => {
    const pattern = compilePattern('teams.{team}.rooms.{room}')
    const name = pattern.build({ team: 'a', room: 7 })
    expect(name).toBe('teams.a.rooms.7')
    expect(pattern.match(name)).toEqual({ team: 'a', room: '7' })
  })

  test.each([undefined, '', 'a.b', 'a/b', 'a b', 'a,b', 'a\nb', 'a*', '{x}', {}, null])(
    'refuses the parameter %j, which could name another channel or break the stream',
    (room) => {
      expect(() => compilePattern('rooms.{room}').build({ room })).toThrow(
        expect.objectContaining({ code: 'channel_invalid' }),
      )
    },
  )

  test('has no name to build where it has a wildcard', () => {
    expect(() => compilePattern('news-*').build({})).toThrow(expect.objectContaining({ code: 'channel_invalid' }))
  })

  test.each(['', 'a b', 'a,b', '{', 'a}', '{1x}', '{a}.{a}', '{}', 'a\nb'])('may not be %j', (text) => {
    expect(() => compilePattern(text)).toThrow(expect.objectContaining({ code: 'pattern_invalid' }))
  })
})
