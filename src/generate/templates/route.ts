/** `app/sse/route.ts` of Next.js. With its `cacheComponents` a route says nothing of itself: all are dynamic. */
export function routeTemplate(application: string, hasCacheComponents: boolean): string {
  const segment = hasCacheComponents
    ? ''
    : `export const runtime = 'nodejs';
export const dynamic = 'force-dynamic';

`
  return `import { sse } from 'millrace/web';
import { hub } from '${application}';

${segment}export const GET = sse(hub);
export const HEAD = GET;
`
}
