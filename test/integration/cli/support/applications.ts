/** An application such as somebody has before Millrace comes to it. */
export interface Fixture {
  readonly name: string
  /** What is installed, by symlink from here. */
  readonly packages: readonly string[]
  readonly files: Readonly<Record<string, string>>
  /** The application module, as the running application loads it: from the application's folder. */
  readonly running: string
  /** How many tests there are in the end. */
  readonly tests: number
  /** What `init` and `make` write, from the application's folder. */
  readonly written: readonly string[]
}

const strict = {
  target: 'ES2022',
  strict: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  noImplicitReturns: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  skipLibCheck: true,
  types: ['node'],
}

const json = (value: object) => `${JSON.stringify(value, undefined, 2)}\n`

function written(
  folder: string,
  extension: string,
  suffix = 'test',
  style = (name: string) => name,
): readonly string[] {
  const pairs = ['events/new-message', 'listeners/send-message', 'channels/news', 'channels/rooms']
  const files = pairs.map((pair) => style(pair))
  return [
    ...['push', 'channels/messages'].map((name) => `${folder}${name}${extension}`),
    ...files.flatMap((name) => [`${folder}${name}${extension}`, `${folder}${name}.${suffix}${extension}`]),
  ].toSorted()
}

/** Compiled by tsc for Node, with zod and vitest. */
const express: Fixture = {
  name: 'Express, TypeScript for Node, vitest, zod',
  tests: 7,
  packages: ['express', '@types/express', 'zod', 'vitest'],
  running: 'dist/push.js',
  written: ['millrace.config.ts', ...written('src/', '.ts')],
  files: {
    'package.json': json({
      name: 'shop',
      type: 'module',
      scripts: { typecheck: 'tsc --noEmit', test: 'vitest run', prestart: 'tsc', start: 'node dist/server.js' },
      dependencies: { express: '^5.0.0', zod: '^4.0.0' },
      devDependencies: { '@types/express': '^5.0.0', '@types/node': '^20.0.0', typescript: '^5.9.0', vitest: '^4.0.0' },
    }),
    'tsconfig.json': json({
      compilerOptions: { ...strict, module: 'NodeNext', outDir: 'dist', rootDir: 'src' },
      include: ['src'],
    }),
    'src/greet.ts': `export function greet(name: string): string {
  return \`Hello \${name}\`;
}
`,
    'src/server.ts': `import express, { type Request, type Response } from 'express';
import { greet } from './greet.js';

// There was another one: const app = express();
const app = express();
app.use(express.json());

app.get('/', (request: Request, response: Response) => {
  response.send(greet(String(request.query['name'] ?? 'world')));
});

app.use((_request: Request, response: Response) => {
  response.status(404).send("There's nothing here");
});

app.listen(Number(process.env['PORT']));
`,
  },
}

/** Imports with `.ts`, a server that is made in a function, node:test on what was compiled, valibot. */
const fastify: Fixture = {
  name: 'Fastify, TypeScript with .ts imports, node:test, valibot',
  tests: 7,
  packages: ['fastify', 'valibot'],
  running: 'dist/push.js',
  written: ['millrace.config.ts', ...written('src/', '.ts')],
  files: {
    'package.json': json({
      name: 'shop',
      type: 'module',
      scripts: {
        typecheck: 'tsc --noEmit',
        pretest: 'tsc',
        test: 'node --test dist/',
        prestart: 'tsc',
        start: 'node dist/main.js',
      },
      dependencies: { fastify: '^5.0.0', valibot: '^1.0.0' },
      devDependencies: { '@types/node': '^20.0.0', typescript: '^5.9.0' },
    }),
    'tsconfig.json': json({
      compilerOptions: {
        ...strict,
        module: 'NodeNext',
        outDir: 'dist',
        rootDir: 'src',
        rewriteRelativeImportExtensions: true,
      },
      include: ['src/**/*'],
    }),
    'src/app.ts': `import Fastify, { type FastifyInstance } from 'fastify'

export async function buildApp(): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify({
    logger: false,
    bodyLimit: 1024 * 1024,
  })

  app.get('/', async () => ({ hello: 'world' }))
  return app
}
`,
    'src/main.ts': `import { buildApp } from './app.ts'

const app = await buildApp()
await app.listen({ port: Number(process.env['PORT']) })
`,
  },
}

/** For a bundler, so without endings; tabs and double quotes; spec files; no library for schemas. */
const hono: Fixture = {
  name: 'Hono, TypeScript for a bundler, vitest, types only',
  tests: 7,
  packages: ['hono', '@hono/node-server', 'vitest', 'jiti'],
  running: 'src/push.ts',
  written: [
    'millrace.config.ts',
    ...written('src/', '.ts', 'spec', (name) => name.replace(/-(\w)/, (_, letter: string) => letter.toUpperCase())),
  ],
  files: {
    'package.json': json({
      name: 'shop',
      type: 'module',
      scripts: { typecheck: 'tsc', test: 'vitest run', start: 'jiti src/index.ts' },
      dependencies: { hono: '^4.0.0', '@hono/node-server': '^2.0.0' },
      devDependencies: { '@types/node': '^20.0.0', typescript: '^5.9.0', vitest: '^4.0.0' },
    }),
    'tsconfig.json': json({
      compilerOptions: { ...strict, module: 'ESNext', moduleResolution: 'bundler', noEmit: true },
    }),
    'src/priceList.ts': `export const priceList = [{ name: "Tea", price: 3 }];
`,
    'src/priceList.spec.ts': `import { expect, test } from "vitest";
import { priceList } from "./priceList";

test("there is tea", () => {
	expect(priceList[0]?.name).toBe("Tea");
});
`,
    'src/index.ts': `import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { logger } from "hono/logger";
import { priceList } from "./priceList";

const app = new Hono<{ Variables: { user: string } }>()
	.basePath("/")
	.get("/prices", (c) => c.json(priceList));

app.use(logger(() => undefined));

serve({ fetch: app.fetch, port: Number(process.env["PORT"]) });
`,
  },
}

/** The App Router in src, an alias, and no server file. Next.js itself is not installed here: a stand-in serves the route's GET. */
const next: Fixture = {
  name: 'Next.js, TypeScript, vitest, zod',
  tests: 7,
  packages: ['zod', 'vitest', 'jiti', '@hono/node-server', 'hono'],
  running: 'src/push.ts',
  written: ['millrace.config.ts', 'src/app/sse/route.ts', ...written('src/', '.ts')],
  files: {
    'package.json': json({
      name: 'shop',
      scripts: { typecheck: 'tsc', test: 'vitest run', start: 'jiti stand-in.ts' },
      dependencies: { next: '^16.0.0', zod: '^4.0.0' },
      devDependencies: { '@types/node': '^20.0.0', typescript: '^5.9.0', vitest: '^4.0.0' },
    }),
    'tsconfig.json': json({
      compilerOptions: {
        target: 'ES2017',
        lib: ['dom', 'dom.iterable', 'esnext'],
        strict: true,
        noEmit: true,
        module: 'esnext',
        moduleResolution: 'bundler',
        isolatedModules: true,
        skipLibCheck: true,
        paths: { '@/*': ['./src/*'] },
      },
      include: ['**/*.ts', '**/*.tsx'],
    }),
    'next-env.d.ts': `/// <reference types="node" />
`,
    'src/app/layout.tsx': `export const metadata = { title: 'Shop' };
`,
    'stand-in.ts': `import { serve } from '@hono/node-server';

const route: string = './src/app/sse/route';
const { GET } = (await import(route)) as { GET: (request: Request) => Promise<Response> };
serve({ fetch: GET, port: Number(process.env.PORT) });
`,
  },
}

/** CommonJS, nothing beside the server, node:test. */
const commonJs: Fixture = {
  name: 'Express, JavaScript in CommonJS, node:test',
  tests: 6,
  packages: ['express'],
  running: 'push.mjs',
  written: ['millrace.config.mjs', ...written('', '.mjs')],
  files: {
    'package.json': json({
      name: 'shop',
      main: 'app.js',
      scripts: { typecheck: 'node --check app.js', test: 'node --test', start: 'node app.js' },
      dependencies: { express: '^5.0.0' },
    }),
    'app.js': `'use strict'

const express = require('express')

const app = express()
app.get('/', (req, res) => res.send('Hello'))
app.listen(process.env.PORT)
`,
  },
}

export const fixtures = [express, fastify, hono, next, commonJs]
