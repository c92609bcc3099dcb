import { getTsconfig } from 'get-tsconfig'
import { type Manifest, majorOf, unsupported } from './manifest.ts'

/** How a file is imported whose name is `x.ts`. */
export type ImportEnding = '.js' | '.ts' | ''

/** What the compiler of an application asks of the code that is written for it. */
export interface TypeScriptRules {
  /** How files are imported, where those that are there do not show it. */
  readonly ending: ImportEnding
  /** Other ways that the compiler takes as well. */
  readonly endings: readonly ImportEnding[]
  /** Whether `process.env.NAME` must be written `process.env['NAME']`. */
  readonly quotesIndex: boolean
  /** Whether files are compiled to CommonJS. */
  readonly isCommonJs: boolean
}

/**
 * Reads the tsconfig.json of the application, with all that it extends. Without one it is run as it is, by Node, tsx and others.
 *
 * @throws {MillraceError} `project_unsupported` where the code that is written could not be compiled, with what to change
 */
export function readTypeScriptRules(manifest: Manifest): TypeScriptRules {
  const found = getTsconfig(manifest.root)
  if (found === null) return { ending: '.ts', endings: ['.ts', '.js', ''], quotesIndex: false, isCommonJs: false }
  const options = found.config.compilerOptions ?? {}
  // Since 6.0 the defaults are for bundlers, and before for the CommonJS of old.
  const isModern = (majorOf(manifest, 'typescript') ?? 6) >= 6
  const module = (options.module ?? (isModern ? 'esnext' : 'commonjs')).toLowerCase()
  const isNode = /^node(?:16|18|20|next)$/.test(module)
  const resolution = (
    options.moduleResolution ?? (isNode ? module : isModern || module === 'preserve' ? 'bundler' : 'node10')
  ).toLowerCase()
  const isCommonJs = isNode ? !manifest.isModule : module === 'commonjs'

  if (['node', 'node10', 'classic'].includes(resolution)) {
    throw unsupported(
      `${found.path} resolves modules as Node 10 did (moduleResolution ${resolution}), and does not find millrace/config ` +
        'and other parts of packages. Set "module": "nodenext", or "moduleResolution": "bundler".',
    )
  }
  if (isCommonJs && (module === 'node16' || module === 'node18')) {
    throw unsupported(
      `${found.path} compiles to CommonJS with "module": "${module}", which may not require ES modules such as millrace. ` +
        'Set "module": "nodenext" (TypeScript 5.8 or newer, Node 20.19 or newer), or "type": "module" in package.json.',
    )
  }
  if (isCommonJs && options.verbatimModuleSyntax === true) {
    throw unsupported(
      `${found.path} compiles to CommonJS with verbatimModuleSyntax, and so takes no import and export. ` +
        'Set "type": "module" in package.json, or verbatimModuleSyntax to false.',
    )
  }
  const takesTs = options.allowImportingTsExtensions === true || options.rewriteRelativeImportExtensions === true
  const needsEnding = isNode && !isCommonJs
  return {
    ending: takesTs ? '.ts' : needsEnding ? '.js' : '',
    endings: ['.js', ...(takesTs ? (['.ts'] as const) : []), ...(needsEnding ? [] : ([''] as const))],
    quotesIndex: options.noPropertyAccessFromIndexSignature === true,
    isCommonJs,
  }
}

/**
 * Whether a TypeScript file beside tsconfig.json leaves what the compiler writes as it is. A program that takes every file it finds would
 * write this one too, and everything else a folder deeper (`dist/src/...`), or refuse it for its `rootDir`.
 */
export function mayAddToRoot(root: string): boolean {
  const found = getTsconfig(root)
  if (found === null) return true
  const { compilerOptions = {}, include, files } = found.config
  if (compilerOptions.noEmit === true) return true
  const taken = include ?? (files === undefined ? ['**/*'] : [])
  return !taken.some((pattern) => /^(?:\.\/)?(?:\*|\.$|$)/.test(pattern))
}
