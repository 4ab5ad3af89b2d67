/** `lyrebird sblr`: the bytecode of each statement of a text, for people. */
import { readFileSync } from 'node:fs';
import { compileDirect } from '../parsers/postgres/plugin.ts';
import { disassemble } from '../sblr/explain.ts';
import { UsageError } from './usage-error.ts';

export function disassembleFile(file: string): string {
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new UsageError(
      `cannot read ${file} (${(error as NodeJS.ErrnoException).code}); give a file with SQL, or - for the standard input`,
    );
  }
  return disassembleText(text, file);
}

export function disassembleText(text: string, source: string): string {
  const parts: string[] = [];
  let start = 0;
  while (start < text.length) {
    const result = compileDirect({ text, start, settings: {} });
    if (result.kind === 'error') {
      const { position } = result.error.details;
      throw new UsageError(
        `${source}${position === undefined ? '' : `:${lineAndColumn(text, position)}`}: ${result.error.message}`,
      );
    }
    if (result.kind === 'statement') {
      const { statement } = result;
      parts.push(`-- ${statement.text.replace(/\s+/g, ' ').trim()}\n${disassemble(statement.program.bytes)}`);
    }
    start = result.end;
  }
  return parts.map((part) => (part.endsWith('\n') ? part : `${part}\n`)).join('\n');
}

function lineAndColumn(text: string, position: number): string {
  const before = text.slice(0, position).split('\n');
  return `${before.length}:${before.at(-1)!.length + 1}`;
}
