/**
 * Text of names, types and values as listings show them. Stable: golden tests and users read it.
 */
import type { Identifier, Name } from './contract/names.ts';
import type { SqlType } from './contract/types.ts';
import { Bits, Decimal, Interval, Jsonb, SqlArray, SqlRecord, TimeTz, type SqlValue } from './contract/values.ts';
import {
  MANY,
  OPERAND_BYTES,
  OPERAND_IDENT,
  OPERAND_LABEL,
  OPERAND_NAME,
  OPERAND_STRUCT,
  OPERAND_TEXT,
  OPERAND_TYPE,
  OPERAND_VALUE,
  type OperandPlan,
} from './layout.ts';

/** An exact identifier in quotes, a regular one plain. */
export function displayIdentifier(identifier: Identifier): string {
  return identifier.exact ? `"${identifier.text.replaceAll('"', '""')}"` : identifier.text;
}

export function displayName(name: Name): string {
  return name.map(displayIdentifier).join('.');
}

/** kind(modifiers) and what else distinguishes the type. */
export function displayType(type: SqlType): string {
  const modifiers: string[] = [];
  if (type.length !== undefined) modifiers.push(String(type.length));
  if (type.precision !== undefined) modifiers.push(String(type.precision));
  if (type.scale !== undefined) modifiers.push(`scale ${type.scale}`);
  let text: string = type.kind;
  if (type.name !== undefined) text += ` ${displayName(type.name)}`;
  if (type.element !== undefined) text += `<${displayType(type.element)}>`;
  if (type.fields !== undefined) {
    text += `<${type.fields.map((field) => `${field.name} ${displayType(field.type)}`).join(', ')}>`;
  }
  if (modifiers.length > 0) text += `(${modifiers.join(', ')})`;
  if (type.fixed === true) text += ' fixed';
  if (type.unsigned === true) text += ' unsigned';
  if (type.labels !== undefined) text += ` labels ${type.labels.map(quote).join(',')}`;
  if (type.typeId !== undefined) text += ` id ${type.typeId}`;
  if (type.target !== undefined) text += ` to ${type.target}`;
  if (type.collation !== undefined) text += ` collate ${type.collation}`;
  if (type.intervalFields !== undefined) text += ` fields ${type.intervalFields}`;
  if (type.declared !== undefined) text += ` declared ${type.declared}`;
  return text;
}

export function displayValue(value: SqlValue): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return quote(value);
  if (Object.is(value, -0)) return '-0';
  if (typeof value !== 'object') return String(value);
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString('hex')}'`;
  if (value instanceof Decimal) return `decimal ${value.toString()}`;
  if (value instanceof Bits) return `b'${value.text}'`;
  if (value instanceof TimeTz) return `timetz(${value.micros}, ${value.offsetSeconds})`;
  if (value instanceof Interval) return `interval(${value.months}, ${value.days}, ${value.micros})`;
  if (value instanceof Jsonb) return `jsonb ${value.text}`;
  if (value instanceof SqlRecord) return `(${value.values.map(displayValue).join(', ')})`;
  if (value instanceof SqlArray)
    return `array${JSON.stringify(value.dimensions)}[${value.items.map(displayValue).join(', ')}]`;
  return '?';
}

export function quote(text: string): string {
  return JSON.stringify(text);
}

/** The value of an operand; '-' = absent. */
export function displayOperand(operand: OperandPlan, value: unknown): string {
  if (value === undefined) return '-';
  if (operand.mode === MANY) {
    const items = value as readonly unknown[];
    return `[${items.map((item) => displayItem(operand, item)).join(', ')}]`;
  }
  return displayItem(operand, value);
}

function displayItem(operand: OperandPlan, value: unknown): string {
  switch (operand.kind) {
    case OPERAND_STRUCT: {
      const struct = value as Readonly<Record<string, unknown>>;
      return `{${operand.fields.map((field) => `${field.name}=${displayOperand(field, struct[field.name])}`).join(' ')}}`;
    }
    case OPERAND_IDENT:
      return displayIdentifier(value as Identifier);
    case OPERAND_NAME:
      return displayName(value as Name);
    case OPERAND_TYPE:
      return displayType(value as SqlType);
    case OPERAND_VALUE:
      return displayValue(value as SqlValue);
    case OPERAND_TEXT:
      return quote(value as string);
    case OPERAND_BYTES:
      return `<${(value as Uint8Array).length} bytes>`;
    case OPERAND_LABEL:
      return `@${String(value)}`;
    default:
      return String(value);
  }
}
