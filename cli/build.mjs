/**
 * Builds dist/: one ES module per process (command line, worker, engine) and the library, with shared
 * chunks. Packages stay outside the bundles, with few exceptions. With --if-needed it builds only when a source is newer
 * than the last build, so that starting the server costs nothing when nothing changed.
 */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const stamp = join(dist, '.built');
const sourceFolders = ['sblr', 'storage', 'engine', 'parsers', 'protocols', 'listener', 'cli'];

/** Taken into the bundles: as one of many modules in node_modules it costs 40 ms at every start. */
const bundledPackages = ['zod'];

const entryPoints = {
  lyrebird: 'cli/lyrebird.ts',
  worker: 'cli/worker-main.ts',
  engine: 'cli/engine-main.ts',
  embedded: 'cli/embedded.ts',
};

function newestSource(folder) {
  let newest = statSync(folder).mtimeMs;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) newest = Math.max(newest, newestSource(path));
    else if (/\.(ts|mjs|json)$/.test(entry.name)) newest = Math.max(newest, statSync(path).mtimeMs);
  }
  return newest;
}

function isCurrent() {
  try {
    const built = statSync(stamp).mtimeMs;
    if (readFileSync(stamp, 'utf8') !== process.version) return false;
    const newest = Math.max(
      statSync(join(root, 'package.json')).mtimeMs,
      ...sourceFolders.map((name) => newestSource(join(root, name))),
    );
    return newest < built;
  } catch {
    return false;
  }
}

/** Storage runs its background work in worker threads; each of their entry files is a bundle of its own. */
function threadEntries() {
  const found = {};
  const visit = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (/-(thread|worker)\.ts$/.test(entry.name)) found[entry.name.slice(0, -3)] = relative(root, path);
    }
  };
  for (const name of ['storage', 'engine']) visit(join(root, name));
  return found;
}

async function build() {
  const { build: bundle } = await import('esbuild');
  const { version, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  // Sources changed while building must count as newer than this build.
  const startedAt = new Date();
  const result = await bundle({
    absWorkingDir: root,
    entryPoints: { ...entryPoints, ...threadEntries() },
    outdir: dist,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    external: Object.keys(dependencies).filter((name) => !bundledPackages.includes(name)),
    sourcemap: true,
    legalComments: 'none',
    chunkNames: 'chunks/[name]-[hash]',
    define: { LYREBIRD_VERSION: JSON.stringify(version) },
    write: false,
    logLevel: 'error',
  });
  mkdirSync(join(dist, 'chunks'), { recursive: true });
  const written = new Set();
  for (const file of result.outputFiles) {
    writeFileSync(file.path, file.contents);
    written.add(file.path);
  }
  const chunks = join(dist, 'chunks');
  for (const name of readdirSync(chunks))
    if (!written.has(join(chunks, name))) rmSync(join(chunks, name), { force: true });
  chmodSync(join(dist, 'lyrebird.js'), 0o755);
  writeFileSync(stamp, process.version);
  utimesSync(stamp, startedAt, startedAt);
}

if (!process.argv.includes('--if-needed') || !isCurrent()) {
  try {
    await build();
  } catch (error) {
    // esbuild has printed the errors of the sources themselves.
    if (!error?.errors) console.error(error);
    process.exit(1);
  }
}
