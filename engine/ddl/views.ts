/** CREATE VIEW: the query is bound once for its columns and dependencies, and kept as SBLR. */
import { identifierKey, type Identifier, type Name } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NodeOf, RelationNode } from '../../sblr/nodes.ts';
import { OPCODES, type OpcodeName } from '../../sblr/opcodes.ts';
import type { ColumnDefinition, ObjectId, ViewDefinition } from '../catalog/definitions.ts';
import { storedQuery } from '../binder/stored-program.ts';
import { plainQuery } from '../binder/view-target.ts';
import { placeOf, requireOwner, storeQuery, type DdlContext } from './context.ts';

/** Ids of the tables, views and sequences a query names (names of its own CTEs resolve to nothing). */
export function relationsIn(query: RelationNode, context: DdlContext): ObjectId[] {
  const found = new Set<ObjectId>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item);
      return;
    }
    if (value === null || typeof value !== 'object' || !('op' in value)) return;
    const current = value as { op: OpcodeName } & Record<string, unknown>;
    if (current.op === 'LOAD_TABLE') {
      const relation = context.names.findRelation(current['name'] as readonly Identifier[]);
      if (relation !== undefined && relation.kind !== 'system') found.add(relation.id);
    }
    const called = (current.op === 'CALL_ROUTINE' ? current['name'] : current['routine']) as Name | undefined;
    if (called !== undefined) {
      const { length } = current['arguments'] as readonly unknown[];
      const [only, another] = context.names.findRoutines(called).filter((one) => one.parameters.length === length);
      // Of several for so many arguments the types decide, anew each time.
      if (only !== undefined && another === undefined) found.add(only.id);
    }
    for (const input of Object.keys(OPCODES[current.op].inputs)) visit(current[input]);
  };
  visit(query);
  return [...found];
}

export async function createView(statement: NodeOf<'CREATE_VIEW'>, context: DdlContext): Promise<void> {
  const options = viewOptions(statement);
  const checkOption = checkOptionOf(options);
  const query = context.bindQuery(statement.source);
  if (checkOption !== 'none') requireUpdatable(statement.source);
  const dependsOn = relationsIn(statement.source, context);
  const temporary = statement.temporary || dependsOn.some((id) => isTemporary(id, context));
  const place = placeOf(context, statement.name, temporary, statement.pos, context.viewPrivilege);
  await context.lockName(`relation:${place.schema.id}:${place.name.text.toLowerCase()}`);
  const columns = viewColumns(statement, query.plan.columns, context);
  const old = context.catalog.relationByName(place.schema.id, place.name);
  if (old !== undefined) {
    const shown = context.display(place.name);
    if (statement.exists) {
      context.notice('notice', 'duplicate_table', { message: `relation "${shown}" already exists, skipping` });
      return;
    }
    if (!statement.replace)
      throw new SqlError('duplicate_table', { message: `relation "${shown}" already exists`, args: { name: shown } });
    if (old.kind !== 'view')
      throw new SqlError('wrong_object_type', {
        message: `"${shown}" is not a view`,
        args: { name: shown, kind: 'view' },
      });
    requireOwner(context, old, 'view', 'DROP');
    checkReplacement(old, columns, context);
  }
  const definition: ViewDefinition = {
    kind: 'view',
    id: old?.id ?? context.catalog.base.allocateId(),
    name: place.name,
    owner: old?.owner ?? context.role,
    schemaId: place.schema.id,
    databaseId: place.schema.databaseId,
    columns,
    program: storeQuery(context, statement.source),
    text: statement.text,
    searchPath: context.searchPathNames,
    dependsOn,
    persistence: temporary ? 'temporary' : 'permanent',
    checkOption,
    options,
    system: false,
    comment: old?.comment,
    grants: old?.grants,
  };
  context.catalog.put(definition);
}

type ViewOptions = ViewDefinition['options'];

function viewOptions(statement: NodeOf<'CREATE_VIEW'>): ViewOptions {
  const given = Object.fromEntries(statement.options.map((option) => [option.name, option.value ?? 'true']));
  return statement.checkOption === 'none' ? given : { ...given, check_option: statement.checkOption };
}

/** WITH CHECK OPTION is kept as an option of the view, and may be written as one. */
export function checkOptionOf(options: ViewOptions): ViewDefinition['checkOption'] {
  const value = options['check_option']?.toLowerCase();
  if (value === undefined) return 'none';
  if (value === 'local' || value === 'cascaded') return value;
  throw new SqlError('invalid_parameter_value', {
    message: `invalid value for enum option "check_option": ${options['check_option']}`,
    detail: 'Valid values are "local" and "cascaded".',
  });
}

export function requireUpdatable(query: RelationNode): void {
  const plain = plainQuery(query);
  if (typeof plain !== 'string') return;
  throw new SqlError('feature_not_supported', {
    message: 'WITH CHECK OPTION is supported only on automatically updatable views',
    hint: plain,
  });
}

/** ALTER VIEW ... SET (...) and RESET (...). */
export function alterViewOptions(view: ViewDefinition, action: NodeOf<'ALTER_ACTION'>, context: DdlContext): void {
  const options: Record<string, string> = { ...view.options };
  for (const option of action.options) {
    if (action.action === 'set_options') options[option.name] = option.value ?? 'true';
    else delete options[option.name];
  }
  const checkOption = checkOptionOf(options);
  if (checkOption !== 'none') requireUpdatable(storedQuery(view.program).source);
  context.catalog.put({ ...view, options, checkOption });
}

function isTemporary(id: ObjectId, context: DdlContext): boolean {
  const relation = context.catalog.get(id);
  return (
    (relation?.kind === 'table' || relation?.kind === 'view' || relation?.kind === 'sequence') &&
    relation.persistence === 'temporary'
  );
}

function viewColumns(
  statement: NodeOf<'CREATE_VIEW'>,
  outputs: readonly { readonly name: string; readonly type: ColumnDefinition['type'] }[],
  context: DdlContext,
): ColumnDefinition[] {
  if (statement.columns.length > outputs.length)
    throw new SqlError('syntax_error', 'CREATE VIEW specifies more column names than columns');
  const seen = new Set<string>();
  return outputs.map((output, at): ColumnDefinition => {
    const name = statement.columns[at] ?? {
      text: output.name,
      exact: context.display({ text: output.name, exact: false }) !== output.name,
    };
    if (seen.has(identifierKey(name))) {
      throw new SqlError('duplicate_column', {
        message: `column "${context.display(name)}" specified more than once`,
        variant: 'specified',
        args: { column: context.display(name) },
      });
    }
    seen.add(identifierKey(name));
    if (output.type.kind === 'record' && output.type.typeId === undefined)
      throw new SqlError('invalid_table_definition', `column "${context.display(name)}" has pseudo-type record`);
    const type = output.type.kind === 'unknown' ? ({ kind: 'text' } as const) : output.type;
    return {
      position: at + 1,
      name,
      type,
      notNull: false,
      identity: 'none',
      generated: 'none',
      missing: null,
      dropped: false,
    };
  });
}

function checkReplacement(old: ViewDefinition, columns: readonly ColumnDefinition[], context: DdlContext): void {
  if (context.semantics.viewSources === 'by-name') return;
  if (columns.length < old.columns.length)
    throw new SqlError('invalid_table_definition', 'cannot drop columns from view');
  old.columns.forEach((before, at) => {
    const after = columns[at]!;
    if (identifierKey(before.name) !== identifierKey(after.name)) {
      throw new SqlError('invalid_table_definition', {
        message: `cannot change name of view column "${context.display(before.name)}" to "${context.display(after.name)}"`,
        hint: 'Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.',
      });
    }
    if (before.type.kind !== after.type.kind) {
      throw new SqlError(
        'invalid_table_definition',
        `cannot change data type of view column "${context.display(before.name)}" from ${before.type.declared ?? before.type.kind} to ${after.type.declared ?? after.type.kind}`,
      );
    }
  });
}
