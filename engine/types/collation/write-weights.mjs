/**
 * Writes weights.json: node engine/types/collation/write-weights.mjs FOLDER
 * FOLDER holds Unicode's allkeys-9.0.0.txt and, for the older tables and those of one weight per character, lists
 * `code point <tab> weights in hexadecimal` named uca-4.tsv, general.tsv, swedish.tsv, western.tsv,
 * western-case.tsv: what WEIGHT_STRING() of a server that knows these collations prints for each character.
 *
 * A table is a few byte streams, deflated and in base64: `keys` (length and code points, the first as the difference to
 * the one before), `counts` (of elements), `primaries` (differences, zigzag), and for the newest also `secondaries`,
 * `tertiaries`. Numbers are little-endian groups of seven bits. What follows from a rule (tables.ts) is left out.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { build } from 'esbuild';

const entry = fileURLToPath(new URL('./implied-weights.ts', import.meta.url));
const { outputFiles } = await build({ entryPoints: [entry], bundle: true, format: 'esm', write: false });
const source = Buffer.from(outputFiles[0].contents).toString('base64');
const { impliedPrimaries } = await import(`data:text/javascript;base64,${source}`);

const folder = process.argv[2];
const read = (name) => readFileSync(join(folder, name), 'utf8').split('\n');

class Stream {
  bytes = [];
  number(value) {
    for (; value > 127; value >>>= 7) this.bytes.push((value & 127) | 128);
    this.bytes.push(value);
  }
  signed(value) {
    this.number(value < 0 ? -value * 2 - 1 : value * 2);
  }
  text() {
    return deflateRawSync(Uint8Array.from(this.bytes), { level: 9 }).toString('base64');
  }
}

/** entries: [code points, elements], an element being [primary, secondary, tertiary] or [primary] */
function table(entries, levels) {
  const streams = Array.from({ length: 2 + levels }, () => new Stream());
  const [keys, counts, primaries, ...others] = streams;
  let code = 0;
  let primary = 0;
  for (const [points, elements] of entries) {
    keys.number(points.length);
    keys.signed(points[0] - code);
    code = points[0];
    for (const point of points.slice(1)) keys.number(point);
    counts.number(elements.length);
    for (const element of elements) {
      primaries.signed(element[0] - primary);
      primary = element[0];
      others.forEach((stream, i) => stream.number(element[i + 1]));
    }
  }
  const names = ['keys', 'counts', 'primaries', 'secondaries', 'tertiaries'];
  return Object.fromEntries(streams.map((stream, i) => [names[i], stream.text()]));
}

function allKeys(name) {
  const entries = [];
  for (const line of read(name)) {
    const [points, elements] = line.replace(/#.*/, '').split(';');
    if (elements === undefined || points.startsWith('@')) continue;
    entries.push([
      points.trim().split(/\s+/).map((point) => Number.parseInt(point, 16)),
      [...elements.matchAll(/\[[.*](\w+)\.(\w+)\.(\w+)/g)].map(([, ...weights]) => weights.map((weight) => Number.parseInt(weight, 16))),
    ]);
  }
  return entries.sort(([a], [b]) => a[0] - b[0] || a.length - b.length || a[1] - b[1]);
}

/** Lists of weights, without those that are as implied. */
function listed(name, last, implied) {
  const entries = [];
  for (const line of read(name)) {
    const [point, weights] = line.split('\t');
    const code = Number(point);
    if (weights === undefined || weights === 'NULL' || point === '' || code > last || (code >= 0xd800 && code < 0xe000)) continue;
    const elements = (weights.match(/.{4}/g) ?? []).map((weight) => [Number.parseInt(weight, 16)]);
    if (elements.map(([weight]) => weight).join() !== implied(code).join()) entries.push([[code], elements]);
  }
  return entries;
}

const itself = (code) => [code];
const simple = (name) => table(listed(name, 0xffff, itself), 1);
const lines = (object) => `{\n${Object.entries(object).map(([name, value]) => `  "${name}": ${JSON.stringify(value, null, 2).replace(/\n/g, '\n  ')}`).join(',\n')}\n}\n`;
writeFileSync(
  new URL('weights.json', import.meta.url),
  lines({
    uca4: table(listed('uca-4.tsv', 0xffff, impliedPrimaries), 1),
    uca9: table(allKeys('allkeys-9.0.0.txt'), 3),
    general: simple('general.tsv'),
    swedish: simple('swedish.tsv'),
    western: simple('western.tsv'),
    westernCase: simple('western-case.tsv'),
  }),
);
