// Writes specs/sblr/opcodes.md from the opcode table: `node sblr/write-reference.mjs`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const entry = fileURLToPath(new URL('./opcode-reference.ts', import.meta.url));
const target = fileURLToPath(new URL('../specs/sblr/opcodes.md', import.meta.url));
const { outputFiles } = await build({ entryPoints: [entry], bundle: true, format: 'esm', platform: 'node', write: false });
const source = Buffer.from(outputFiles[0].contents).toString('base64');
const { opcodeReference } = await import(`data:text/javascript;base64,${source}`);
mkdirSync(new URL('../specs/sblr/', import.meta.url), { recursive: true });
writeFileSync(target, opcodeReference());
