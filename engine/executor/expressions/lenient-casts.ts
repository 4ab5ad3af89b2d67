/**
 * Casts that take what they can get of a value, and what becomes of the rest: in an expression a warning, in an assignment to a
 * column an error or, where the statement is to go on, a warning that names column and row.
 */
import type { Condition } from '../../../sblr/contract/conditions.ts';
import { SqlError, type SqlErrorDetails } from '../../../sblr/contract/sql-error.ts';
import type { Semantics } from '../../../sblr/contract/semantics.ts';
import type { SqlType } from '../../../sblr/contract/types.ts';
import type { SqlValue } from '../../../sblr/contract/values.ts';
import type { BoundExpression } from '../../binder/bound.ts';
import type { EvalContext } from '../../functions/function.ts';
import { jsonFault } from '../../types/json-fault.ts';
import { displayType } from '../../types/display-type.ts';
import { lenientCast, type Misfits } from '../../types/lenient-casts.ts';
import { shownText } from '../../types/lenient-numbers.ts';
import type { Evaluator } from '../operator.ts';

type Cast = BoundExpression & { kind: 'cast' };

/** The type as it is written in a cast. */
function writtenType(type: SqlType): string {
  const name = type.kind === 'bytes' ? 'BINARY' : 'CHAR';
  return type.length === undefined ? name : `${name}(${type.length})`;
}

/** In an expression nothing is refused. */
class ExpressionMisfits implements Misfits {
  evaluation: EvalContext | undefined;
  readonly zeroDate: boolean;
  readonly truncatesSeconds: boolean;

  constructor({ zeroDate, fractions }: Semantics, compared: boolean) {
    this.zeroDate = compared || zeroDate === 'value';
    this.truncatesSeconds = fractions === 'truncated';
  }

  unread(type: string, text: string): void {
    this.#truncated(type.toUpperCase(), text);
  }

  outOfRange(type: string, text: string): void {
    this.#truncated(type.toUpperCase(), text);
  }

  cut(type: SqlType, text: string, blanks: boolean): void {
    if (!blanks) this.#truncated(writtenType(type), text);
  }

  tooManyBits(type: SqlType, text: string): void {
    this.cut(type, text, false);
  }

  rounded(): void {
    // Digits are expected to go.
  }

  unreadInstant(type: string, text: string): null {
    const value = shownText(text);
    this.#warn('invalid_datetime_format', {
      message: `invalid input syntax for type ${type}: "${value}"`,
      args: { type, value },
    });
    return null;
  }

  zeroInstant(type: string, text: string): null {
    return this.unreadInstant(type, text);
  }

  cutInstant(type: string, text: string): void {
    this.#truncated(type, text);
  }

  noLabel(text: string): void {
    this.#truncated('ENUM', text);
  }

  noDocument(text: string): never {
    throw noDocument(text, {});
  }

  #truncated(type: string, text: string): void {
    const value = shownText(text);
    this.#warn('invalid_text_representation', {
      message: `invalid input syntax for type ${type.toLowerCase()}: "${value}"`,
      variant: 'truncated',
      args: { type, value },
    });
  }

  #warn(condition: Condition, details: SqlErrorDetails): void {
    this.evaluation?.notice({ severity: 'warning', condition, details });
  }
}

/** Assignment to a column: `strict` refuses what does not fit. */
class ColumnMisfits implements Misfits {
  evaluation: EvalContext | undefined;
  row = 0;
  readonly #table: string;
  readonly #column: string;
  readonly #strict: boolean;
  readonly zeroDate: boolean;
  readonly truncatesSeconds: boolean;

  constructor(table: string, column: string, strict: boolean, { zeroDate, fractions }: Semantics) {
    this.zeroDate = zeroDate === 'value';
    this.truncatesSeconds = fractions === 'truncated';
    this.#table = table;
    this.#column = column;
    this.#strict = strict;
  }

  unread(type: string, text: string, partly: boolean): void {
    if (partly || type === 'double') this.#truncated();
    else {
      const value = shownText(text);
      this.#refuse('invalid_text_representation', {
        message: `invalid input syntax for type ${type}: "${value}"`,
        variant: 'column',
        args: { type, value },
      });
    }
  }

  outOfRange(type: string, text = ''): void {
    if (type === 'time' && this.#strict) this.#instant(type, text);
    this.#refuse('numeric_value_out_of_range', {
      message: `${type} out of range`,
      variant: 'column',
      args: { type },
    });
  }

  cut(type: SqlType, _text: string, blanks: boolean): void {
    if (blanks) this.rounded();
    else if (this.#strict)
      this.#refuse('string_data_right_truncation', {
        message: `value too long for type ${displayType(type)}`,
        args: { type: displayType(type) },
      });
    else this.#truncated();
  }

  tooManyBits(type: SqlType, text: string): void {
    if (this.#strict) this.cut(type, text, false);
    else this.outOfRange('bit');
  }

  rounded(): void {
    this.#notice('notice', 'string_data_right_truncation_warning', this.#placed({ message: 'data truncated' }));
  }

  unreadInstant(type: string, text: string): SqlValue {
    if (this.#strict) this.#instant(type, text);
    else this.#truncated();
    return type === 'time' ? 0 : -Infinity;
  }

  zeroInstant(type: string, text: string): SqlValue {
    if (this.#strict) this.#instant(type, text);
    else this.outOfRange(type);
    return -Infinity;
  }

  cutInstant(type: string, text: string): void {
    if (this.#strict) this.#instant(type, text);
    else this.#truncated();
  }

  noLabel(): void {
    this.#truncated();
  }

  noDocument(text: string): never {
    throw noDocument(text, { variant: 'column', args: { column: `${this.#table}.${this.#column}` } });
  }

  #instant(type: string, text: string): void {
    const value = shownText(text);
    this.#refuse('invalid_datetime_format', {
      message: `invalid input syntax for type ${type}: "${value}"`,
      variant: 'column',
      args: { type, value },
    });
  }

  #truncated(): void {
    this.#refuse('string_data_right_truncation_warning', { message: 'data truncated' });
  }

  #refuse(condition: Condition, details: SqlErrorDetails): void {
    const placed = this.#placed(details);
    if (this.#strict) throw new SqlError(condition, placed);
    this.#notice('warning', condition, placed);
  }

  #notice(severity: 'notice' | 'warning', condition: Condition, details: SqlErrorDetails): void {
    this.evaluation?.notice({ severity, condition, details });
  }

  #placed(details: SqlErrorDetails): SqlErrorDetails {
    return { ...details, column: this.#column, args: { ...details.args, column: this.#column, row: this.row } };
  }
}

function noDocument(text: string, details: Pick<SqlErrorDetails, 'variant' | 'args'>): SqlError {
  const { reason, at } = jsonFault(text);
  const message = `Invalid JSON text: "${reason}" at position ${at}.`;
  return new SqlError('invalid_json_text', { ...details, message, args: { ...details.args, reason, at } });
}

function noCast(from: SqlType, to: SqlType): SqlError {
  return new SqlError('cannot_coerce', `cannot cast type ${displayType(from)} to ${displayType(to)}`);
}

/** A cast inside an expression. */
export function compileLenientCast(expression: Cast, operand: Evaluator, semantics: Semantics): Evaluator {
  const cast = lenientCast(expression.operand.type, expression.type, false);
  if (cast === undefined) throw noCast(expression.operand.type, expression.type);
  const misfits = new ExpressionMisfits(semantics, expression.compared === true);
  return (row, execution) => {
    const value = operand(row, execution);
    if (value === null) return null;
    misfits.evaluation = execution.evaluation;
    return cast(value, execution.evaluation, misfits);
  };
}

/** The cast of a value for a column. `slot` counts the rows of an execution. */
export function compileColumnCast(expression: Cast, operand: Evaluator, slot: number, semantics: Semantics): Evaluator {
  const { table = '', column, firstRow = 1 } = expression;
  const strict = expression.context === 'column';
  const cast = lenientCast(expression.operand.type, expression.type, true);
  if (cast === undefined) throw noCast(expression.operand.type, expression.type);
  const misfits = new ColumnMisfits(table, column ?? '', strict, semantics);
  return (row, execution) => {
    const before = (execution.slots[slot] as number | undefined) ?? 0;
    execution.slots[slot] = before + 1;
    const value = operand(row, execution);
    if (value === null) return null;
    misfits.evaluation = execution.evaluation;
    misfits.row = before + firstRow;
    return cast(value, execution.evaluation, misfits);
  };
}
