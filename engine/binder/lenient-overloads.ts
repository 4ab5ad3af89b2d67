/**
 * Overload resolution where every argument converts: of the definitions with the right number of parameters the one whose types
 * lie nearest to those of the arguments, the earlier definition among equals.
 */
import { BYTES, type SqlType, TEXT } from '../../sblr/contract/types.ts';
import type { FunctionDefinition } from '../functions/function.ts';
import { convertsLeniently } from './lenient-coerce.ts';
import { isInstant, isInteger, isNumber } from './lenient-types.ts';
import { concreteTypes, patternsFor, type Candidate } from './overloads.ts';
import { baseType, canCast, sameIdentity, typeIdentity } from './type-facts.ts';

const SAME = 100;
const IMPLICIT = 80;
/** Types whose kind is that of plain text, but which are none. */
const PLAIN_TEXT: ReadonlySet<string> = new Set(['text', 'varchar', 'fixed_text']);

/** How near an argument's type lies to a parameter's; undefined where it does not convert. */
function nearness(argument: SqlType, parameter: SqlType): number | undefined {
  if (argument.kind === 'unknown') return IMPLICIT;
  if (sameIdentity(argument, parameter)) return SAME;
  if (parameter.kind === 'text' && !PLAIN_TEXT.has(typeIdentity(parameter))) return undefined;
  if (argument.kind !== 'bool' && canCast(baseType(argument), parameter, 'implicit')) return IMPLICIT;
  if (!convertsLeniently(argument, parameter)) return undefined;
  if (parameter.kind === 'bool') return 20;
  if (argument.kind === 'bool')
    return parameter.kind === 'int64' ? 90 : isInteger(parameter) ? 85 : isNumber(parameter) ? 60 : 40;
  if (isNumber(argument) || argument.kind === 'bits') return fromNumber(parameter);
  if (isInstant(argument)) return isInstant(parameter) ? 70 : parameter.kind === 'text' ? 60 : 40;
  return fromText(parameter);
}

function fromNumber(parameter: SqlType): number {
  if (parameter.kind === 'float64') return 72;
  if (parameter.kind === 'decimal') return 71;
  if (isNumber(parameter)) return 70;
  return parameter.kind === 'text' ? 60 : 30;
}

/** Text, bytes, labels and documents. */
function fromText(parameter: SqlType): number {
  switch (parameter.kind) {
    case 'text':
      return 78;
    case 'bytes':
      return 70;
    case 'float64':
      return 60;
    case 'decimal':
      return 55;
    case 'int64':
      return 50;
    case 'timestamp':
      return 40;
    default:
      return isNumber(parameter) ? 45 : 30;
  }
}

/** The types that an operator is chosen by: what is joined is text, or bytes where one of it is. */
export function operandTypes(name: string, given: readonly SqlType[]): readonly SqlType[] {
  if (name !== 'concat') return given;
  if (given.some(({ kind }) => kind === 'bytes')) return given.map(() => BYTES);
  return given.map((type) => (type.kind === 'text' ? type : TEXT));
}

export function resolveLeniently<T extends Pick<FunctionDefinition, 'parameters' | 'variadic'>>(
  definitions: readonly T[],
  arguments_: readonly SqlType[],
): Candidate<T> | undefined {
  let best: Candidate<T> | undefined;
  let top = -1;
  for (const target of definitions) {
    const patterns = patternsFor(target, arguments_.length);
    const types = patterns === undefined ? undefined : concreteTypes(patterns, arguments_);
    if (patterns === undefined || types === undefined) continue;
    let score = 0;
    for (let i = 0; i < types.length && score >= 0; i++) {
      const near = nearness(arguments_[i] as SqlType, types[i] as SqlType);
      score = near === undefined ? -1 : score + near;
    }
    if (score > top) {
      top = score;
      best = { target, patterns, types };
    }
  }
  return best;
}
