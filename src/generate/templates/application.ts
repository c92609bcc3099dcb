export interface ApplicationTemplate {
  /** How it imports the channel `messages`. */
  readonly messages: string
  /** `process.env.MILLRACE_WORK` */
  readonly env: string
  readonly isTypeScript: boolean
}

// Comments are no wider than most applications are.
const hubComment = `/** Who is connected to this process. Only the channels named here can be subscribed to. */`
const eventsComment = `/**
 * What happens in the application. Jobs of queued listeners wait in memory; to keep them, give it a
 * \`queue\` that lasts (millrace/disk, millrace/bullmq). Then, with MILLRACE_WORK=off, this process
 * only dispatches, and \`millrace work\` runs the queued listeners.
 */`

/** The application module: the hub, the events, and who listens to them. */
export function applicationTemplate({ messages, env }: ApplicationTemplate): string {
  return `import { createEvents, createHub } from 'millrace';
import { messages } from '${messages}';

${hubComment}
export const hub = createHub({ channels: [messages] });

${eventsComment}
export const events = createEvents({ work: ${env} !== 'off' });
`
}

/** The same for Next.js. */
export function nextApplicationTemplate({ messages, env, isTypeScript }: ApplicationTemplate): string {
  return `import { createEvents, createHub${isTypeScript ? ', type Hub' : ''} } from 'millrace';
import { messages } from '${messages}';

// Next.js loads this module once for each bundle, and in development again at every change. The open
// streams are the hub's, so there is one for the process. A channel that is added while \`next dev\`
// runs is there when it has been started again.
const shared = globalThis${isTypeScript ? ' as { millraceHub?: Hub }' : ''};

${hubComment}
export const hub = (shared.millraceHub ??= createHub({ channels: [messages] }));

${eventsComment}
export const events = createEvents({ work: ${env} !== 'off' });
`
}
