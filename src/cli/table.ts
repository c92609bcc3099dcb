import { paint, printable } from './output.ts'

/** Rows under their titles. The last column has what is left of a terminal's line, and elsewhere all it needs. */
export function toTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const shown = rows.map((row) => row.map(printable))
  const widths = titles.map((title, column) => Math.max(title.length, ...shown.map((row) => row[column]?.length ?? 0)))
  const used = widths.slice(0, -1).reduce((sum, width) => sum + width + 2, 0)
  const left = Math.max(20, (process.stdout.columns ?? Number.POSITIVE_INFINITY) - used)
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column === titles.length - 1 ? cut(cell, left) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd()
  return [paint('dim', line(titles)), ...shown.map(line)].join('\n')
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text
}
