/** Hardware addresses and positions that are kept as text: what they may be written as, and the one spelling kept. */
import { SqlError } from '../sql-error.ts';

function invalid(type: string, text: string): SqlError {
  return new SqlError('invalid_text_representation', `invalid input syntax for type ${type}: "${text}"`);
}

const SIX_BYTES = [
  /^([\da-f]{1,2}):([\da-f]{1,2}):([\da-f]{1,2}):([\da-f]{1,2}):([\da-f]{1,2}):([\da-f]{1,2})$/i,
  /^([\da-f]{1,2})-([\da-f]{1,2})-([\da-f]{1,2})-([\da-f]{1,2})-([\da-f]{1,2})-([\da-f]{1,2})$/i,
  /^([\da-f]{2})([\da-f]{2})([\da-f]{2})[:-]([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i,
  /^([\da-f]{2})([\da-f]{2})([.-])([\da-f]{2})([\da-f]{2})\3([\da-f]{2})([\da-f]{2})$/i,
  /^([\da-f]{2})([\da-f]{2})([\da-f]{2})([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i,
];

const spelled = (bytes: readonly string[]): string =>
  bytes.map((byte) => byte.toLowerCase().padStart(2, '0')).join(':');

/** Six bytes with the separators of any vendor. */
export function readHardwareAddress(text: string): string {
  for (const form of SIX_BYTES) {
    const found = form.exec(text.trim());
    if (found !== null) return spelled(found.slice(1).filter((part) => /^[\da-f]/i.test(part)));
  }
  throw invalid('macaddr', text);
}

/** Eight bytes, or six to which the two in the middle are added; one separator between any of the bytes. */
export function readLongHardwareAddress(text: string): string {
  const found = /^([\da-f]{2}(?:([:.-])?[\da-f]{2})+)$/i.exec(text.trim());
  const separators = new Set(text.trim().match(/[:.-]/g));
  const bytes = text.match(/[\da-f]{2}/gi) ?? [];
  if (found === null || separators.size > 1 || (bytes.length !== 6 && bytes.length !== 8))
    throw invalid('macaddr8', text);
  return spelled(bytes.length === 8 ? bytes : [...bytes.slice(0, 3), 'ff', 'fe', ...bytes.slice(3)]);
}

/** A position in a log: two halves in hexadecimal. */
export function readLogPosition(text: string): string {
  const found = /^([\da-f]{1,8})\/([\da-f]{1,8})$/i.exec(text);
  if (found === null) throw invalid('pg_lsn', text);
  return [found[1], found[2]]
    .map((half) =>
      Number.parseInt(half ?? '', 16)
        .toString(16)
        .toUpperCase(),
    )
    .join('/');
}

/** The place of a row: a block and a number in it; a block below zero counts from the last one. */
export function readRowPlace(text: string): string {
  const found = /^\s*\((-?\d+),(\d+)\)\s*$/.exec(text);
  const block = Number(found?.[1]);
  const row = Number(found?.[2]);
  if (found === null || block > 0xffffffff || block < -0x80000000 || row > 0xffff) throw invalid('tid', text);
  return `(${block >>> 0},${row})`;
}
