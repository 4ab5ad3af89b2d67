/** User-defined types: enums, domains, composites. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import type { Definition, UserTypeDefinition } from '../catalog/definitions.ts';
import { givenTo } from '../catalog/privileges.ts';
import { placeOf, requireOwner, requireSchema, resolveType, type DdlContext } from './context.ts';
import { alterDomain, createDomain } from './domains.ts';

/** Bytes of an enum label, as clients know the limit. */
const LABEL_LIMIT = 63;

export async function createType(statement: NodeOf<'CREATE_TYPE'>, context: DdlContext): Promise<void> {
  const place = placeOf(context, statement.name, false, statement.pos);
  await context.lockName(`type:${place.schema.id}:${place.name.text.toLowerCase()}`);
  const shown = context.display(place.name);
  if (
    context.catalog.typeByName(place.schema.id, place.name) !== undefined ||
    context.catalog.relationByName(place.schema.id, place.name) !== undefined
  ) {
    throw new SqlError('duplicate_object', {
      message: `type "${shown}" already exists`,
      variant: 'type',
      args: { name: shown },
    });
  }
  const id = context.catalog.base.allocateId();
  const common = {
    kind: 'type' as const,
    id,
    name: place.name,
    owner: context.role,
    schemaId: place.schema.id,
    databaseId: place.schema.databaseId,
    arrayTypeId: context.catalog.base.allocateId(),
  };
  if (statement.kind === 'enum') {
    statement.labels.forEach((label, at) => {
      checkLabel(label);
      if (statement.labels.indexOf(label) !== at)
        throw new SqlError('unique_violation', { message: `enum label "${label}" is given twice` });
    });
    context.catalog.put({
      ...common,
      form: 'enum',
      type: { kind: 'enum', labels: statement.labels, typeId: id, declared: place.name.text },
      notNull: false,
      checks: [],
    });
  } else if (statement.kind === 'composite') {
    const fields = statement.fields.map((field) => ({
      name: context.display(field.name),
      type: resolveType(context, field.type, field.pos),
    }));
    context.catalog.put({
      ...common,
      form: 'composite',
      type: { kind: 'record', fields, typeId: id, declared: place.name.text },
      notNull: false,
      checks: [],
    });
  } else {
    createDomain(statement, common, context);
  }
}

function checkLabel(label: string): void {
  if (label === '' || Buffer.byteLength(label) > LABEL_LIMIT) {
    throw new SqlError('invalid_name', {
      message: `invalid enum label "${label}"`,
      detail: `Labels must be ${LABEL_LIMIT} bytes or less.`,
    });
  }
}

export async function alterType(statement: NodeOf<'ALTER_TYPE'>, context: DdlContext): Promise<void> {
  const found = context.names.findType(statement.name);
  const shown = statement.name.map((part) => context.display(part)).join('.');
  if (found === undefined)
    throw new SqlError('undefined_object', {
      message: `type "${shown}" does not exist`,
      variant: 'type',
      args: { name: shown },
    });
  requireOwner(context, found, 'type');
  if (await alterDomain(found, statement, context)) return;
  switch (statement.action) {
    case 'add_value':
      return addLabel(found, statement, context);
    case 'rename_value':
      return renameLabel(found, statement, context);
    case 'rename':
      context.catalog.put({ ...found, name: statement.newName! });
      return;
    case 'set_schema':
      context.catalog.put({ ...found, schemaId: requireSchema(context, statement.newName!).id });
      return;
    case 'owner': {
      const role = context.catalog.roleByName(statement.newName!);
      if (role === undefined)
        throw new SqlError('undefined_object', {
          message: `role "${context.display(statement.newName!)}" does not exist`,
          variant: 'role',
          args: { role: context.display(statement.newName!) },
        });
      context.catalog.put(givenTo(found, role.id));
      return;
    }
    default:
      throw new SqlError('feature_not_supported', {
        message: `ALTER TYPE ${statement.action.replaceAll('_', ' ')} is not supported`,
        ...(statement.pos === undefined ? {} : { position: statement.pos }),
      });
  }
}

/** New labels reach every column of the type: columns carry their own copy of it. */
function replaceEnum(old: UserTypeDefinition, labels: readonly string[], context: DdlContext): void {
  const type = { ...old.type, labels };
  context.catalog.put({ ...old, type });
  for (const table of context.catalog.all('table')) {
    if (
      table.kind !== 'table' ||
      !table.columns.some((column) => column.type.typeId === old.id || column.type.element?.typeId === old.id)
    )
      continue;
    context.catalog.put({
      ...table,
      columns: table.columns.map((column) =>
        column.type.typeId === old.id
          ? { ...column, type: { ...column.type, labels } }
          : column.type.element?.typeId === old.id
            ? { ...column, type: { ...column.type, element: { ...column.type.element, labels } } }
            : column,
      ),
    } as Definition);
  }
}

function addLabel(found: UserTypeDefinition, statement: NodeOf<'ALTER_TYPE'>, context: DdlContext): void {
  const labels = [...(found.type.labels ?? [])];
  const value = statement.value!;
  checkLabel(value);
  if (labels.includes(value)) {
    const message = `enum label "${value}" already exists`;
    if (!statement.exists)
      throw new SqlError('duplicate_object', { message, variant: 'enum_label', args: { label: value } });
    context.notice('notice', 'duplicate_object', { message: `${message}, skipping` });
    return;
  }
  const neighbour = statement.before ?? statement.after;
  if (neighbour === undefined) labels.push(value);
  else {
    const at = labels.indexOf(neighbour);
    if (at < 0) throw new SqlError('invalid_parameter_value', `"${neighbour}" is not an existing enum label`);
    labels.splice(statement.before === undefined ? at + 1 : at, 0, value);
    if (at < labels.length - 2 || statement.before !== undefined) rejectReorder(found, context);
  }
  replaceEnum(found, labels, context);
}

/** Enum values are stored as labels, so an order that changes would leave index entries out of order. */
function rejectReorder(found: UserTypeDefinition, context: DdlContext): void {
  for (const table of context.catalog.all('table')) {
    if (table.kind !== 'table') continue;
    const index = table.indexes.find((candidate) => candidate.keys.some((key) => key.type.typeId === found.id));
    if (index !== undefined) {
      throw new SqlError('feature_not_supported', {
        message: `cannot insert a label between others while index "${context.display(index.name)}" uses the type`,
        hint: 'Drop the index, add the label, and create the index again.',
      });
    }
  }
}

function renameLabel(found: UserTypeDefinition, statement: NodeOf<'ALTER_TYPE'>, context: DdlContext): void {
  const labels = [...(found.type.labels ?? [])];
  const at = labels.indexOf(statement.value!);
  if (at < 0) throw new SqlError('invalid_parameter_value', `"${statement.value!}" is not an existing enum label`);
  if (labels.includes(statement.newValue!))
    throw new SqlError('duplicate_object', {
      message: `enum label "${statement.newValue!}" already exists`,
      variant: 'enum_label',
      args: { label: statement.newValue! },
    });
  for (const table of context.catalog.all('table')) {
    if (
      table.kind === 'table' &&
      table.columns.some(
        (column) => !column.dropped && (column.type.typeId === found.id || column.type.element?.typeId === found.id),
      )
    ) {
      throw new SqlError('feature_not_supported', {
        message: `cannot rename a label of type "${context.display(found.name)}" while table "${context.display(table.name)}" uses it`,
      });
    }
  }
  labels[at] = statement.newValue!;
  replaceEnum(found, labels, context);
}
