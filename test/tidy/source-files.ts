/** The project's source files and what they import, for the tidy tests. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { ROOT } from '../harness/server.ts';

export const SOURCE_FOLDERS = ['sblr', 'storage', 'engine', 'parsers', 'protocols', 'listener', 'cli'] as const;

export interface SourceFile {
  /** Path from the project's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** Project files it imports, as paths from the root; types included. */
  readonly imports: readonly string[];
  /** Those whose import leaves something at run time. */
  readonly runtimeImports: readonly string[];
  /** Packages and node modules it imports. */
  readonly packages: readonly string[];
}

const IMPORT = /^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm;
const DYNAMIC_IMPORT = /\bimport\(\s*'([^']+)'\s*\)/g;

export function listFiles(folder: string, pattern: RegExp): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (entry.name !== 'node_modules') found.push(...listFiles(path, pattern));
    } else if (pattern.test(entry.name)) found.push(path);
  }
  return found.sort();
}

export function readSources(folders: readonly string[] = SOURCE_FOLDERS): SourceFile[] {
  return folders.flatMap((folder) => listFiles(folder, /\.ts$/)).map(readSource);
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const imports = new Set<string>();
  const runtimeImports = new Set<string>();
  const packages = new Set<string>();
  const add = (specifier: string, isType: boolean): void => {
    if (!specifier.startsWith('.')) {
      packages.add(specifier);
      return;
    }
    const target = relative(ROOT, normalize(join(ROOT, dirname(path), specifier))).replaceAll('\\', '/');
    imports.add(target);
    if (!isType) runtimeImports.add(target);
  };
  for (const [statement, type, specifier] of text.matchAll(IMPORT)) {
    // `import { type A, type B }` leaves nothing at run time either.
    const names = /\{([^}]*)\}/.exec(statement)?.[1];
    const onlyTypes =
      names !== undefined &&
      /^\s*(?:import|export)\s*\{/.test(statement) &&
      names.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type '));
    add(specifier!, type !== undefined || onlyTypes);
  }
  // A module loaded later cannot be part of a cycle at load time.
  for (const [, specifier] of text.matchAll(DYNAMIC_IMPORT)) add(specifier!, true);
  return { path, text, imports: [...imports], runtimeImports: [...runtimeImports], packages: [...packages] };
}
