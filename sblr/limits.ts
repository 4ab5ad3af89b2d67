/**
 * Bounds of an SBLR program. The encoder refuses to write past them and the verifier to read past
 * them, so nothing that reaches the engine is larger or deeper.
 */

/** Nodes below nodes below ...: what a recursive walk of a tree may have on its stack. */
export const MAX_NESTING = 500;
export const MAX_PROGRAM_BYTES = 128 << 20;
export const MAX_INSTRUCTIONS = 8_000_000;
export const MAX_PARAMETERS = 65_535;
/** Items of an operand list. */
export const MAX_LIST_ITEMS = 65_535;
/** Parts of a qualified name. */
export const MAX_NAME_PARTS = 255;
export const MAX_STATEMENTS = 100_000;
