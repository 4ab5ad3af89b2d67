/**
 * Primary weights that follow from a rule instead of a table: those of ideographs, of Hangul syllables (by their parts) and of
 * code points that no table names. Used by the tables (tables.ts) and by what writes them (write-weights.mjs).
 */
const HANGUL_FIRST = 0xac00;
const HANGUL_LAST = 0xd7a3;

/** The parts of a Hangul syllable; undefined for anything else. */
export function hangulParts(code: number): readonly number[] | undefined {
  if (code < HANGUL_FIRST || code > HANGUL_LAST) return undefined;
  const index = code - HANGUL_FIRST;
  const last = index % 28;
  const parts = [0x1100 + Math.floor(index / 588), 0x1161 + Math.floor((index % 588) / 28)];
  return last === 0 ? parts : [...parts, 0x11a7 + last];
}

function isUnified(code: number): boolean {
  return (code >= 0x4e00 && code <= 0x9fd5) || (code >= 0xfa0e && code <= 0xfa29 && UNIFIED_COMPATIBILITY.has(code));
}

const UNIFIED_COMPATIBILITY: ReadonlySet<number> = new Set([
  0xfa0e, 0xfa0f, 0xfa11, 0xfa13, 0xfa14, 0xfa1f, 0xfa21, 0xfa23, 0xfa24, 0xfa27, 0xfa28, 0xfa29,
]);

function isExtension(code: number): boolean {
  return (
    (code >= 0x3400 && code <= 0x4db5) || (code >= 0x20000 && code <= 0x2a6d6) || (code >= 0x2a700 && code <= 0x2cea1)
  );
}

/** Two weights for a code point of no table. */
export function impliedPrimaries(code: number): readonly [number, number] {
  if (code >= 0x17000 && code <= 0x18aff) return [0xfb00, (code - 0x17000) | 0x8000];
  const base = isUnified(code) ? 0xfb40 : isExtension(code) ? 0xfb80 : 0xfbc0;
  return [base + (code >> 15), (code & 0x7fff) | 0x8000];
}
