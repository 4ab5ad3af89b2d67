/** Variables of one activation of a program: blocks that hide outer names, records that take the shape of rows. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { textFormatter, textParser } from '../../sblr/contract/text/text-io.ts';
import { displayType } from '../../sblr/contract/text/type-name.ts';
import { UNKNOWN, type RecordField, type SqlType } from '../../sblr/contract/types.ts';
import { SqlRecord, type SqlValue } from '../../sblr/contract/values.ts';
import { isDomain } from '../binder/type-facts.ts';
import type { EvalContext } from '../functions/function.ts';
import { castFunction } from '../types/casts.ts';

interface Variable {
  type: SqlType;
  readonly constant: boolean;
  /** A record without a type of its own: it has the shape of what was last assigned. */
  readonly shapeless: boolean;
  value: SqlValue;
}

/** One row with the columns it came in; no row assigns NULLs. */
export interface AssignedRow {
  readonly values: readonly SqlValue[] | undefined;
  readonly columns: readonly RecordField[];
}

export class Variables {
  readonly #byName = new Map<string, Variable>();
  /** What the names declared in each open block meant before, outermost block first. */
  readonly #blocks: Map<string, Variable | undefined>[] = [];
  readonly #evaluation: EvalContext;
  /** Name of the routine, by which its own parameters can be asked for where inner names hide them. */
  readonly #qualifier: string | undefined;
  /** Changes with every type a name may have got: plans made before do not hold. */
  shape = 0;

  /** Raises where the domain refuses the value. */
  readonly #checkDomain: (value: SqlValue, domainId: number) => void;

  constructor(
    evaluation: EvalContext,
    qualifier: string | undefined,
    checkDomain: (value: SqlValue, domainId: number) => void,
  ) {
    this.#checkDomain = checkDomain;
    this.#evaluation = evaluation;
    this.#qualifier = qualifier === undefined ? undefined : `${qualifier}.`;
  }

  #find(name: string): Variable | undefined {
    const own = this.#qualifier;
    if (own === undefined || !name.startsWith(own)) return this.#byName.get(name);
    const bare = name.slice(own.length);
    for (const block of this.#blocks) if (block.has(bare)) return block.get(bare);
    return this.#byName.get(bare);
  }

  get depth(): number {
    return this.#blocks.length;
  }

  beginBlock(): void {
    this.#blocks.push(new Map());
  }

  endBlock(): void {
    const hidden = this.#blocks.pop();
    if (hidden === undefined || hidden.size === 0) return;
    for (const [name, variable] of hidden) {
      if (variable === undefined) this.#byName.delete(name);
      else this.#byName.set(name, variable);
    }
    this.shape++;
  }

  /** Leaves the blocks inside the one of that depth. */
  unwind(depth: number): void {
    while (this.#blocks.length > depth) this.endBlock();
  }

  declare(name: string, type: SqlType, constant: boolean, value: SqlValue): void {
    const before = this.#byName.get(name);
    const block = this.#blocks.at(-1);
    if (block !== undefined && !block.has(name)) block.set(name, before);
    const shapeless = type.kind === 'record' && type.fields === undefined;
    this.#byName.set(name, { type, constant, shapeless, value });
    if (before?.type !== type) this.shape++;
  }

  typeOf(name: string): SqlType | undefined {
    return this.#find(name)?.type;
  }

  valueOf(name: string): SqlValue {
    return this.#find(name)?.value ?? null;
  }

  /** value as the variable's type, by the rules of assignment. */
  assign(name: string, value: SqlValue, type: SqlType): void {
    const variable = this.#writable(name);
    if (value === null) variable.value = this.convert(null, type, variable.type);
    else {
      if (variable.shapeless) this.#reshape(variable, type);
      variable.value = variable.shapeless ? value : this.convert(value, type, variable.type);
    }
  }

  assignRow(names: readonly string[], row: AssignedRow): void {
    const only = names.length === 1 ? this.#writable(names[0] as string) : undefined;
    if (only?.type.kind === 'record') this.#assignRecord(only, row);
    else
      names.forEach((name, at) => {
        const column = row.columns[at];
        if (column === undefined) this.assign(name, null, UNKNOWN);
        else this.assign(name, row.values?.[at] ?? null, column.type);
      });
  }

  #assignRecord(variable: Variable, row: AssignedRow): void {
    const [first] = row.columns;
    if (row.columns.length === 1 && first?.type.kind === 'record') {
      const value = row.values?.[0] ?? null;
      if (variable.shapeless) this.#reshape(variable, first.type);
      variable.value = variable.shapeless ? value : this.convert(value, first.type, variable.type);
      return;
    }
    const type: SqlType = { kind: 'record', fields: row.columns };
    if (variable.shapeless) this.#reshape(variable, type);
    const fields = variable.type.fields ?? [];
    variable.value =
      row.values === undefined
        ? null
        : new SqlRecord(
            fields.map((field, at) => {
              const column = row.columns[at];
              return column === undefined ? null : this.convert(row.values?.[at] ?? null, column.type, field.type);
            }),
          );
  }

  /** record.field = value */
  assignField(name: string, field: string, value: SqlValue, type: SqlType): void {
    const variable = this.#writable(name);
    const fields = variable.type.fields;
    if (fields === undefined)
      throw new SqlError('object_not_in_prerequisite_state', {
        message: `record "${name}" is not assigned yet`,
        detail: 'The tuple structure of a not-yet-assigned record is indeterminate.',
      });
    const at = fields.findIndex((one) => one.name === field);
    if (at < 0) throw new SqlError('undefined_column', `record "${name}" has no field "${field}"`);
    const before = variable.value instanceof SqlRecord ? variable.value.values : fields.map(() => null);
    const converted = this.convert(value, type, (fields[at] as RecordField).type);
    variable.value = new SqlRecord(before.map((one, i) => (i === at ? converted : one)));
  }

  convert(value: SqlValue, from: SqlType, to: SqlType): SqlValue {
    const converted = this.#cast(value, from, to);
    if (isDomain(to)) this.#checkDomain(converted, to.typeId as number);
    return converted;
  }

  #cast(value: SqlValue, from: SqlType, to: SqlType): SqlValue {
    if (value === null || to.kind === 'unknown') return value;
    const cast = castFunction(from, to, 'assignment');
    if (cast !== undefined) return cast(value, this.#evaluation);
    if (from.kind === 'record' || to.kind === 'record')
      throw new SqlError('datatype_mismatch', `cannot cast type ${displayType(from)} to ${displayType(to)}`);
    // Types without a cast convert by way of their text.
    return textParser(to, this.#evaluation.text)(textFormatter(from, this.#evaluation.text)(value));
  }

  #writable(name: string): Variable {
    const variable = this.#find(name);
    if (variable === undefined)
      throw new SqlError('undefined_object', {
        message: `variable "${name}" does not exist`,
        variant: 'variable',
        args: { name },
      });
    if (variable.constant) throw new SqlError('error_in_assignment', `variable "${name}" is declared CONSTANT`);
    return variable;
  }

  #reshape(variable: Variable, type: SqlType): void {
    if (sameShape(variable.type.fields, type.fields)) return;
    variable.type = type.kind === 'record' ? type : { kind: 'record', fields: [{ name: 'f1', type }] };
    this.shape++;
  }
}

function sameShape(a: readonly RecordField[] | undefined, b: readonly RecordField[] | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.length === b.length && a.every((field, at) => field.name === b[at]?.name && field.type === b[at]?.type);
}
