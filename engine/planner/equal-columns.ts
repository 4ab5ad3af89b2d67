/**
 * What equalities between columns imply: `a = b` and `b = c` give `a = c`, so that joins may be made in any order;
 * `a = b` and `a = constant` give `b = constant`, so that both sides are looked up. Only equalities of one type,
 * for which equality is transitive.
 */
import type { Semantics } from '../../sblr/contract/semantics.ts';
import type { BoundExpression, ColumnId } from '../binder/bound.ts';
import { hasNativeEquality } from '../executor/values.ts';
import { columnsOf, hasSubquery, isVolatile } from './expression-walk.ts';

type Column = BoundExpression & { kind: 'column' };
type Equality = BoundExpression & { kind: 'compare' };

interface EqualClass {
  readonly number: number;
  readonly members: Column[];
  /** One of the equalities, to make further ones of. */
  readonly example: Equality;
  /** `member = value`, the value being the same for all rows. */
  constant: Equality | undefined;
}

/** Kinds whose values are equal in any of these kinds when they are in one. */
const WHOLE_NUMBERS: ReadonlySet<string> = new Set(['int16', 'int32', 'int64', 'oid']);

/** Columns of one class for which further equalities are made; more would be a burden, not a help. */
const MOST_MEMBERS = 12;

export class EqualColumns {
  readonly #classes = new Map<ColumnId, EqualClass>();
  readonly #stated = new Set<string>();
  readonly #fixed = new Set<ColumnId>();
  readonly #relationOf: (id: ColumnId) => number;
  #count = 0;

  /** `relationOf`: a mark of the relation that a column belongs to, 0 = of none joined here. */
  constructor(conjuncts: readonly BoundExpression[], semantics: Semantics, relationOf: (id: ColumnId) => number) {
    this.#relationOf = relationOf;
    for (const conjunct of conjuncts) {
      const pair = columnPair(conjunct, semantics);
      if (pair === undefined || relationOf(pair.left.id) === 0 || relationOf(pair.right.id) === 0) continue;
      this.#join(pair.left, pair.right, conjunct as Equality);
    }
    for (const conjunct of conjuncts) this.#fix(conjunct);
  }

  #join(left: Column, right: Column, equality: Equality): void {
    this.#stated.add(pairKey(left.id, right.id));
    const a = this.#classes.get(left.id);
    const b = this.#classes.get(right.id);
    const into = a ?? b ?? { number: this.#count++, members: [], example: equality, constant: undefined };
    const others = a !== undefined && b !== undefined && a !== b ? b.members : [];
    for (const member of [left, right, ...others]) {
      if (this.#classes.get(member.id) === into) continue;
      this.#classes.set(member.id, into);
      into.members.push(member);
    }
  }

  #fix(conjunct: BoundExpression): void {
    if (conjunct.kind !== 'compare' || conjunct.operator !== 'equal') return;
    for (const [side, other] of [
      [conjunct.left, conjunct.right],
      [conjunct.right, conjunct.left],
    ] as const) {
      if (side.kind !== 'column' || !isValue(other)) continue;
      const found = this.#classes.get(side.id);
      if (found === undefined || !comparesAlike(found.example.operandType.kind, conjunct.operandType.kind)) continue;
      this.#fixed.add(side.id);
      found.constant ??= { ...conjunct, left: side, right: other };
    }
  }

  /** Does a relation have two columns of the class? Then not every pair of columns is joined by one equality. */
  #isPlain(one: EqualClass): boolean {
    const relations = new Set(one.members.map((member) => this.#relationOf(member.id)));
    return relations.size === one.members.length && one.members.length <= MOST_MEMBERS;
  }

  /** Number of the class that an equality states, or -1. */
  classOf(conjunct: BoundExpression): number {
    if (conjunct.kind !== 'compare' || conjunct.operator !== 'equal') return -1;
    const { left, right } = conjunct;
    if (left.kind !== 'column' || right.kind !== 'column') return -1;
    const found = this.#classes.get(left.id);
    return found !== undefined && found === this.#classes.get(right.id) && this.#isPlain(found) ? found.number : -1;
  }

  /** Conditions that follow from those given and are not among them. */
  implied(): BoundExpression[] {
    const made: BoundExpression[] = [];
    for (const one of new Set(this.#classes.values())) {
      const { members, example, constant } = one;
      if (constant !== undefined)
        for (const member of members) if (!this.#fixed.has(member.id)) made.push({ ...constant, left: member });
      if (members.length < 3 || !this.#isPlain(one)) continue;
      for (let at = 0; at < members.length; at++)
        for (let other = at + 1; other < members.length; other++)
          if (!this.#stated.has(pairKey(members[at].id, members[other].id)))
            made.push({ ...example, left: members[at], right: members[other] });
    }
    return made;
  }
}

function comparesAlike(a: string, b: string): boolean {
  return a === b || (WHOLE_NUMBERS.has(a) && WHOLE_NUMBERS.has(b));
}

/** A constant, a parameter, or what is computed from those. */
function isValue(expression: BoundExpression): boolean {
  return columnsOf(expression).size === 0 && !isVolatile(expression) && !hasSubquery(expression);
}

function pairKey(a: ColumnId, b: ColumnId): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

function columnPair(
  conjunct: BoundExpression,
  semantics: Semantics,
): { readonly left: Column; readonly right: Column } | undefined {
  if (conjunct.kind !== 'compare' || conjunct.operator !== 'equal') return undefined;
  const { left, right, operandType } = conjunct;
  if (left.kind !== 'column' || right.kind !== 'column' || left.id === right.id) return undefined;
  const { kind } = operandType;
  if (left.type.kind !== kind || right.type.kind !== kind) return undefined;
  return kind === 'decimal' ||
    (hasNativeEquality(left.type, semantics) &&
      hasNativeEquality(right.type, semantics) &&
      hasNativeEquality(operandType, semantics))
    ? { left, right }
    : undefined;
}
