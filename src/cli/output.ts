import { once } from 'node:events'
import { styleText } from 'node:util'

type Format = 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'cyan' | 'magenta'

/** Coloured where `stream` is a terminal and NO_COLOR is not set. One format: a list of them is painted on any stream by Node 20. */
export function paint(format: Format, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(format, text, { stream })
}

/** Writes a line, and waits while its reader is behind: what comes from the network is then not read on either. */
export async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
}

/** Writes a line and goes on, for what must not wait for its reader: he may have gone, or have stopped reading. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Resolves when all that was printed has gone out. To end the process before loses what waits for a reader who is behind. */
export async function written(): Promise<void> {
  const streams = [process.stdout, process.stderr]
  await Promise.all(streams.map((stream) => new Promise<void>((resolve) => stream.write('', () => resolve()))))
}

export function printError(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** The first line of a text that is not our own, as it may stand in a line of a terminal. */
export function oneLine(text: string): string {
  const [first = ''] = text.trimStart().split('\n', 1)
  return printable(first.trimEnd())
}

/** For commands whose output is all they do: when nobody reads it any more, as with `| head`, they are done. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
}

/** For the server, which goes on when nobody reads its output any more. */
export function outliveReader(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
}

/**
 * Text from the network as a terminal may have it.
 *
 * The threat is escape sequences: a publisher could otherwise move the cursor, rewrite what stands above, or set the title of
 * every terminal that looks on. Line feeds and tabs stay.
 */
export function printable(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}
