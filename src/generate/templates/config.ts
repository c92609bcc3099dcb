/** `millrace.config.ts`. */
export function configTemplate(app: string): string {
  return `import { defineConfig } from 'millrace/config';

export default defineConfig({
  app: '${app}',
});
`
}
