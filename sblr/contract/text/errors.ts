/** Errors that reading values raises, worded once. */
import { SqlError } from '../sql-error.ts';

export function invalidSyntax(type: string, text: string): SqlError {
  return new SqlError('invalid_text_representation', {
    message: `invalid input syntax for type ${type}: "${text}"`,
    variant: 'invalid_input_syntax',
    args: { type, value: text },
  });
}

export function invalidDateTime(type: string, text: string): SqlError {
  return new SqlError('invalid_datetime_format', {
    message: `invalid input syntax for type ${type}: "${text}"`,
    variant: 'invalid_input_syntax',
    args: { type, value: text },
  });
}

export function fieldOutOfRange(text: string, dateStyleHint = false): SqlError {
  return new SqlError('datetime_field_overflow', {
    message: `date/time field value out of range: "${text}"`,
    args: { value: text },
    ...(dateStyleHint ? { hint: 'Perhaps you need a different "datestyle" setting.' } : {}),
  });
}

export function valueOutOfRange(type: string, text: string): SqlError {
  return new SqlError('numeric_value_out_of_range', {
    message: `value "${text}" is out of range for type ${type}`,
    variant: 'value_out_of_range',
    args: { type, value: text },
  });
}
