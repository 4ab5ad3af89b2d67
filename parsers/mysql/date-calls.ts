/**
 * MySQL's functions of dates and times whose meaning depends on how they are written: units, formats and numbers of fractional digits
 * that must be known before the call can have a type (Reference Manual 14.7).
 */
import type { SqlType } from '../../sblr/contract/types.ts';
import { Decimal } from '../../sblr/contract/values.ts';
import { node, type ValueNode } from '../../sblr/nodes.ts';
import { integerLiteral, stringLiteral } from '../shared/literals.ts';

const call = (primitive: string, args: ValueNode[], pos: number): ValueNode =>
  node('CALL', { function: primitive, variadic: false, arguments: args, pos });
const cast = (type: SqlType, operand: ValueNode, pos: number): ValueNode =>
  node('CAST', { type, mode: 'cast', operand, pos });

// ---- units

/** Digits of the widest decimal. */
const MAX_DIGITS = 65;
const DATE_UNITS: ReadonlySet<string> = new Set(['day', 'week', 'month', 'quarter', 'year']);

/** How weeks are counted where a call does not say. */
function weekMode(pos: number): ValueNode {
  const setting = node('VARIABLE', { name: 'default_week_format', scope: 'setting', pos });
  return node('CAST', { type: { kind: 'int64' }, mode: 'cast', operand: setting, pos });
}

/** date + INTERVAL amount unit, or minus. */
export function shiftedDate(
  date: ValueNode,
  amount: ValueNode,
  unit: string,
  subtract: boolean,
  pos: number,
): ValueNode {
  const args = [date, amount, stringLiteral(unit), integerLiteral(subtract ? -1 : 1)];
  if (unit === 'second') {
    // A fraction in a literal has as many digits as are written.
    if (amount.op === 'LITERAL' && amount.value instanceof Decimal)
      args[1] = cast({ kind: 'decimal', precision: MAX_DIGITS, scale: amount.value.scale }, amount, pos);
    return call('shift_by_seconds', args, pos);
  }
  const fields = unit.includes('_');
  const grain = unit.endsWith('microsecond')
    ? 'fraction'
    : unit === 'year_month' || DATE_UNITS.has(unit)
      ? 'date'
      : 'time';
  return call(`shift_by_${grain}_${fields ? 'fields' : 'unit'}`, args, pos);
}

/** EXTRACT(unit FROM value) */
export function extractedPart(unit: string, value: ValueNode, pos: number): ValueNode {
  if (unit === 'week') return call('week_of', [value, integerLiteral(0)], pos);
  if (unit === 'year_month') return call('year_and_month', [value], pos);
  return call(unit.includes('_') ? unit.replace('_', '_to_') : `${unit}_of`, [value], pos);
}

// ---- fractional digits

/** A literal's text, or undefined. */
function literalText(value: ValueNode | undefined): string | undefined {
  return value?.op === 'LITERAL' && typeof value.value === 'string' ? value.value : undefined;
}
/** Digits that a literal argument asks for; undefined = it is no such literal. */
function digitsAsked(value: ValueNode | undefined): number | undefined {
  if (value === undefined) return 0;
  return value.op === 'LITERAL' && typeof value.value === 'number' && value.value >= 0 && value.value <= 6
    ? value.value
    : undefined;
}
function fractionOf(text: string): number {
  return Math.min(6, /\.(\d*)/.exec(text)?.[1]?.length ?? 0);
}

const CLOCKS: Readonly<Record<string, readonly [primitive: string, kind: 'timestamp' | 'time']>> = {
  now: ['local_instant', 'timestamp'],
  current_timestamp: ['local_instant', 'timestamp'],
  localtime: ['local_instant', 'timestamp'],
  localtimestamp: ['local_instant', 'timestamp'],
  sysdate: ['local_clock', 'timestamp'],
  utc_timestamp: ['utc_instant', 'timestamp'],
  curtime: ['local_time', 'time'],
  current_time: ['local_time', 'time'],
  utc_time: ['utc_time', 'time'],
};

/** NOW(digits) and its kin; undefined for another function or digits that are none. */
export function clockCall(name: string, args: readonly ValueNode[], pos: number): ValueNode | undefined {
  const found = CLOCKS[name];
  const digits = digitsAsked(args[0]);
  if (found === undefined || digits === undefined) return undefined;
  const [primitive, kind] = found;
  return cast({ kind, precision: digits }, call(primitive, [integerLiteral(digits)], pos), pos);
}

// ---- formats

const DATE_LETTERS = /%[YymcMbdeDjWawUuVvXx]/;
const TIME_LETTERS = /%[HkhIlisSfprT]/;

/** STR_TO_DATE: what it answers depends on the letters of the format. */
function readWithFormat(args: ValueNode[], pos: number): ValueNode {
  const format = literalText(args[1]);
  if (format === undefined) return call('read_exact_instant', args, pos);
  const time = TIME_LETTERS.test(format);
  if (!time) return call('read_date', args, pos);
  if (!DATE_LETTERS.test(format)) return call('read_time', args, pos);
  return call(format.includes('%f') ? 'read_exact_instant' : 'read_instant', args, pos);
}

/** A date in a literal has as many fractional digits as are written. */
function instant(value: ValueNode): ValueNode {
  const text = literalText(value);
  return text === undefined ? value : cast({ kind: 'timestamp', precision: fractionOf(text) }, value, value.pos ?? 0);
}

/** The same of a time in a literal. */
function timeOf(value: ValueNode): ValueNode {
  const text = literalText(value);
  return text === undefined ? value : cast({ kind: 'time', precision: fractionOf(text) }, value, value.pos ?? 0);
}

/** A literal of either kind: an instant where it has a date. */
function moment(value: ValueNode): ValueNode {
  return literalText(value)?.includes('-', 1) === true ? instant(value) : timeOf(value);
}

/** The node for a call of a date function that is not one primitive; undefined for other functions. */
export function dateCall(name: string, args: ValueNode[], pos: number): ValueNode | undefined {
  const [first, second, third] = args as [ValueNode, ValueNode, ValueNode];
  switch (name) {
    case 'date_add':
    case 'adddate':
    case 'date_sub':
    case 'subdate':
      return shiftedDate(first, second, literalText(third) ?? 'day', name.includes('sub'), pos);
    case 'timestampadd':
      return shiftedDate(third, second, literalText(first) ?? 'day', false, pos);
    case 'timediff':
      return call('time_between', args.map(moment), pos);
    case 'timestampdiff':
      return call('units_between', args, pos);
    case 'week':
      return call('week_of', [first, second ?? weekMode(pos)], pos);
    case 'weekofyear':
      return call('week_of', [first, integerLiteral(3)], pos);
    case 'yearweek':
      return call('year_and_week', [first, second ?? integerLiteral(0)], pos);
    case 'str_to_date':
      return readWithFormat(args, pos);
    case 'unix_timestamp':
      return call('epoch_seconds', first === undefined ? [] : [instant(first)], pos);
    case 'from_unixtime': {
      const moment = call('instant_of_epoch_seconds', [first], pos);
      return second === undefined ? moment : call('write_instant', [moment, second], pos);
    }
    case 'time': {
      const text = literalText(first);
      const type: SqlType = { kind: 'time', precision: text === undefined ? 6 : fractionOf(text) };
      return text === undefined ? call('time_part_of', [first], pos) : cast(type, first, pos);
    }
    case 'timestamp': {
      const text = literalText(first);
      const moment = cast({ kind: 'timestamp', precision: text === undefined ? 6 : fractionOf(text) }, first, pos);
      return second === undefined ? moment : call('add_time', [moment, timeOf(second)], pos);
    }
    default:
      return clockCall(name, args, pos);
  }
}
