/**
 * What a result in text form needs besides its rows, kept per column list: the RowDescription message
 * and an encoder. A statement that runs again has the same list, and so do all connections of a worker
 * that run it, for the link hands out one list per number.
 */
import type { ResultColumn } from '../../sblr/contract/session.ts';
import { NetworkWriter } from '../shared/byte-writer.ts';
import { RowEncoder } from './encode.ts';
import { writeRowDescription } from './messages.ts';

export const TEXT_FORMATS: readonly number[] = [];

export class TextResult {
  readonly description: Buffer;
  readonly encoder: RowEncoder;

  constructor(columns: readonly ResultColumn[]) {
    const writer = new NetworkWriter(64 + columns.length * 64);
    writeRowDescription(writer, columns, TEXT_FORMATS);
    this.description = writer.take();
    this.encoder = new RowEncoder(columns, TEXT_FORMATS);
  }
}

const results = new WeakMap<readonly ResultColumn[], TextResult>();

export function textResult(columns: readonly ResultColumn[]): TextResult {
  let result = results.get(columns);
  if (result === undefined) {
    result = new TextResult(columns);
    results.set(columns, result);
  }
  return result;
}

export function encoderOf(columns: readonly ResultColumn[], formats: readonly number[]): RowEncoder {
  return allText(formats) ? textResult(columns).encoder : new RowEncoder(columns, formats);
}

export function allText(formats: readonly number[]): boolean {
  for (let index = 0; index < formats.length; index++) if (formats[index] !== 0) return false;
  return true;
}
