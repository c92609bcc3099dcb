/**
 * BullMQ takes no colon in the name of a queue or the id of a job, and no id that is a number; and a job's key stands among those of its
 * queue (`wait`, `active`, `meta`). So ids begin with a sign that none of these begin with.
 */
const mark = '#'

export function toQueueName(queue: string): string {
  return escapeColons(queue)
}

export function fromQueueName(name: string): string {
  return unescapeColons(name)
}

export function toEntryId(job: string): string {
  return mark + escapeColons(job)
}

export function fromEntryId(id: string): string {
  return unescapeColons(id.slice(mark.length))
}

/** Only what must be: people read these names in the keys and in dashboards. */
function escapeColons(text: string): string {
  return text.replaceAll('%', '%25').replaceAll(':', '%3A')
}

function unescapeColons(text: string): string {
  return text.replaceAll('%3A', ':').replaceAll('%25', '%')
}
