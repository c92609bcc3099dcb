/** `app/sse/route.ts` of Next.js. */
export function routeTemplate(application: string): string {
  return `import { sse } from 'millrace/web';
import { hub } from '${application}';

export const runtime = 'nodejs';
export const dynamic = 'force-dynamic';

export const GET = sse(hub);
export const HEAD = GET;
`
}
