/** `Vary` (RFC 9110, 12.5.5) of what others have said an answer hangs on, and of what we add. Each name once. */
export function mergeVary(known: string | number | readonly string[] | undefined, added: string): string {
  const names = [known ?? [], added].flat().flatMap((value) => String(value).split(','))
  const once = new Map(names.map((name) => [name.trim().toLowerCase(), name.trim()]))
  once.delete('')
  return once.has('*') ? '*' : [...once.values()].join(', ')
}
