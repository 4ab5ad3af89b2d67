/**
 * Row blocks: the typed form in which rows travel between engine and workers (results, loads), never
 * as protocol text. Layout in row-layout.ts; this file is the door to its two sides.
 */
export { RowBlockReader, readRows } from './row-block-reader.ts';
export { RowBlockWriter, type ReferenceResolver } from './row-block-writer.ts';
