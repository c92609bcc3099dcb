import type { Told } from './record.ts'

/**
 * The standard's prose, step by step, for a stream that is there as a whole: slow, plain, and written without a look at
 * the parser, to judge it by (HTML standard, 9.2.6 "Interpreting an event stream").
 *
 * It adds what our reader tells besides: comments, moves of the last event id, and the `channel` field.
 */
export function interpret(stream: string): Told[] {
  const told: Told[] = []
  // "The UTF-8 decode algorithm strips one leading UTF-8 Byte Order Mark (BOM), if any."
  const text = stream.startsWith('\uFEFF') ? stream.slice(1) : stream
  const lines = text.split(/\r\n|\n|\r/)
  // "Once the end of the file is reached, any pending data must be discarded": what follows the last line end is no line.
  lines.pop()

  let dataBuffer = ''
  let eventTypeBuffer = ''
  let lastEventIdBuffer = ''
  let lastEventIdString = ''
  let channelBuffer = ''

  for (const line of lines) {
    if (line === '') dispatch()
    else if (line.startsWith(':')) told.push(['comment', line.replace(/^: ?/, '')])
    else if (line.includes(':')) {
      const [field = '', ...rest] = line.split(':')
      process(field, rest.join(':').replace(/^ /, ''))
    } else process(line, '')
  }
  return told

  function process(field: string, value: string): void {
    if (field === 'event') eventTypeBuffer = value
    else if (field === 'data') dataBuffer = `${dataBuffer}${value}\n`
    else if (field === 'id' && !value.includes('\u0000')) lastEventIdBuffer = value
    else if (field === 'retry' && isAsciiDigits(value)) told.push(['retry', Number.parseInt(value, 10)])
    else if (field === 'channel') channelBuffer = value
  }

  function dispatch(): void {
    if (lastEventIdString !== lastEventIdBuffer) told.push(['id', lastEventIdBuffer])
    lastEventIdString = lastEventIdBuffer
    if (dataBuffer !== '') {
      if (dataBuffer.endsWith('\n')) dataBuffer = dataBuffer.substring(0, dataBuffer.length - 1)
      const event = eventTypeBuffer !== '' ? eventTypeBuffer : 'message'
      const channels = channelBuffer.split(',').filter((name) => name.length > 0)
      told.push(['event', { id: lastEventIdString, event, data: dataBuffer, channels }])
    }
    dataBuffer = ''
    eventTypeBuffer = ''
    channelBuffer = ''
  }
}

function isAsciiDigits(value: string): boolean {
  return value !== '' && [...value].every((character) => '0123456789'.includes(character))
}
