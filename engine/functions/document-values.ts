/** SQL values as JSON values and text as documents, for functions that take any value where a document is wanted. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import {
  JSON_FALSE,
  JSON_NULL,
  JSON_TRUE,
  jsonbNode,
  type JsonNode,
  jsonNumber,
  jsonString,
  normaliseNode,
  parseJson,
} from '../../sblr/contract/text/json.ts';
import { dateText, doubleText, instantText, timeText } from '../../sblr/contract/text/plain.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { Bits, Jsonb, SqlValue } from '../../sblr/contract/values.ts';
import { jsonFault } from '../types/json-fault.ts';
import { type Timestamp, toLocal } from '../types/date-time.ts';
import type { EvalContext } from './function.ts';

/** Places of a second that times in documents always show. */
const FRACTION = 6;

export type ToNode = (value: SqlValue, context: EvalContext) => JsonNode;

/** A value inside a document: documents as they are, texts as strings, NULL as null. */
export function nodeOf(type: SqlType): ToNode {
  const convert = notNull(type);
  return (value, context) => (value === null ? JSON_NULL : convert(value, context));
}

function notNull(type: SqlType): ToNode {
  switch (type.kind) {
    case 'json':
      return (value) => normaliseNode(parseJson(value as string));
    case 'jsonb':
      return (value) => jsonbNode(value as Jsonb);
    case 'bool':
      return (value) => (value === true ? JSON_TRUE : JSON_FALSE);
    case 'int8':
    case 'int16':
    case 'int24':
    case 'int32':
    case 'int64':
    case 'decimal':
    case 'year':
      return (value) => jsonNumber(String(value));
    case 'float32':
    case 'float64':
      return (value) => {
        const text = doubleText(value as number);
        return jsonNumber(/^-?\d+$/.test(text) ? `${text}.0` : text);
      };
    case 'date':
      return (value) => jsonString(dateText(value as number));
    case 'time':
      return (value) => jsonString(timeText(value as number, FRACTION));
    case 'timestamp':
      return (value) => jsonString(instantText(value as Timestamp, FRACTION));
    case 'timestamptz':
      return (value, context) => jsonString(instantText(toLocal(value as Timestamp, context.text.timeZone), FRACTION));
    case 'bytes':
      return (value) => jsonString(`base64:type253:${Buffer.from(value as Uint8Array).toString('base64')}`);
    case 'bits':
      return (value) => jsonString(`base64:type16:${bytesOfBits(value as Bits).toString('base64')}`);
    default:
      return (value) => jsonString(String(value));
  }
}

function bytesOfBits({ text }: Bits): Buffer {
  const length = Math.ceil(text.length / 8);
  const padded = text.padStart(length * 8, '0');
  return Buffer.from(Array.from({ length }, (_, i) => Number.parseInt(padded.slice(i * 8, i * 8 + 8), 2)));
}

/** An argument that must be a document: a document, or text that is one. */
export function documentOf(type: SqlType, name: string, number: number): (value: SqlValue) => JsonNode {
  if (type.kind === 'jsonb') return (value) => jsonbNode(value as Jsonb);
  if (type.kind !== 'text' && type.kind !== 'json' && type.kind !== 'unknown' && type.kind !== 'enum')
    return () => {
      throw new SqlError('invalid_json_text', {
        message: `Invalid data type for JSON data in argument ${number} to function ${name}; a JSON string or JSON type is required.`,
        variant: 'type',
        args: { argument: number, function: name },
      });
    };
  let last: string | undefined;
  let node = JSON_NULL;
  return (value) => {
    if (value !== last) {
      node = parsedArgument(value as string, name, number);
      last = value as string;
    }
    return node;
  };
}

function parsedArgument(text: string, name: string, number: number): JsonNode {
  try {
    return normaliseNode(parseJson(text));
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    throw new SqlError('invalid_json_text', {
      message: `Invalid JSON text in argument ${number} to function ${name}: ${error.message}`,
      variant: 'argument',
      args: {
        argument: number,
        function: name,
        ...jsonFault(text),
      },
    });
  }
}
