/**
 * A dialect as the engine keeps it: the profile that its plugin sent, with the lookups that sessions need.
 */
import { regular, type Identifier } from '../sblr/contract/names.ts';
import type { DialectProfile, SettingDefinition, SettingRole } from '../sblr/contract/session.ts';
import type { SqlType } from '../sblr/contract/types.ts';
import type { ObjectId, ViewDefinition } from './catalog/definitions.ts';
import { systemViewColumns } from './catalog/system-view-columns.ts';
import { FactTable } from './catalog/fact-table.ts';
import { SYSTEM_RELATIONS } from './catalog/system-relations.ts';
import { BuiltinTypeNames } from './catalog/type-names.ts';
import type { SystemCatalog } from './session/names.ts';
import { formatBuiltinType } from './session/type-format.ts';

/** Defaults of settings of time that the server's configuration changes, in milliseconds; 0 = the dialect's own. */
export type ConfiguredDefaults = Readonly<Partial<Record<SettingRole, number>>>;

/** A dialect as the engine keeps it. */
export class InstalledDialect {
  readonly profile: DialectProfile;
  readonly settings: ReadonlyMap<string, SettingDefinition>;
  /** Values set for all sessions to come, until the server stops. */
  readonly globals = new Map<string, string>();
  readonly system: SystemCatalog;
  /** Version by name, of those that are not always there. */
  readonly extensions: ReadonlyMap<string, string>;
  /** Those that every database has without being asked. */
  readonly presentExtensions: ReadonlySet<string>;
  readonly facts: FactTable;
  readonly #viewsById = new Map<ObjectId, ViewDefinition>();
  readonly #typeIds = new Map<string, ObjectId>();
  readonly #typesById = new Map<
    ObjectId,
    { readonly name: string; readonly type: SqlType; readonly isArray: boolean }
  >();
  readonly #routineIds = new Map<string, ObjectId>();
  readonly #routineNames = new Map<ObjectId, string>();
  readonly #functionNames = new Map<string, string>();

  readonly #typeNames: BuiltinTypeNames;

  constructor(profile: DialectProfile, administrator: ObjectId, overrides: ConfiguredDefaults) {
    this.profile = profile;
    this.facts = new FactTable(profile.facts);
    this.#typeNames = new BuiltinTypeNames(profile);
    this.extensions = new Map(profile.extensions.map(({ name, version }) => [name, version]));
    this.presentExtensions = new Set(profile.extensions.filter((one) => one.present).map((one) => one.name));
    this.settings = new Map(
      profile.settings.map((setting) => {
        const milliseconds = setting.role === undefined ? undefined : overrides[setting.role];
        if (milliseconds === undefined || milliseconds <= 0) return [setting.name.toLowerCase(), setting];
        const defaultValue = String(setting.unit === 's' ? Math.ceil(milliseconds / 1000) : milliseconds);
        return [setting.name.toLowerCase(), { ...setting, defaultValue }];
      }),
    );
    const schemas = new Map(profile.schemas.map((schema) => [schema.name, schema.id]));
    const views = new Map<string, ViewDefinition>();
    for (const view of profile.views) {
      const definition: ViewDefinition = {
        kind: 'view',
        id: view.id,
        name: regular(view.name),
        owner: administrator,
        schemaId: schemas.get(view.schema) ?? 0,
        databaseId: 0,
        get columns() {
          return systemViewColumns(view.program);
        },
        program: view.program,
        text: '',
        searchPath: [profile.systemSchema],
        dependsOn: [],
        persistence: 'permanent',
        checkOption: 'none',
        options: {},
        system: true,
      };
      views.set(`${view.schema}.${view.name.toLowerCase()}`, definition);
      this.#viewsById.set(view.id, definition);
    }
    this.system = {
      systemSchema: profile.systemSchema,
      mainSchema: profile.mainSchema,
      temporarySchema: profile.temporarySchema,
      schemas,
      guarded: new Set(profile.guardedSchemas.map((name) => schemas.get(name) ?? 0)),
      views,
      base: SYSTEM_RELATIONS,
    };
    for (const one of profile.types) {
      const key = typeKey(one.type);
      if (!this.#typeIds.has(key)) this.#typeIds.set(key, one.id);
      this.#typesById.set(one.id, { name: one.name, type: one.type, isArray: false });
      if (one.arrayId !== 0) {
        const arrayKey = typeKey({ kind: 'array', element: one.type });
        if (!this.#typeIds.has(arrayKey)) this.#typeIds.set(arrayKey, one.arrayId);
        this.#typesById.set(one.arrayId, {
          name: `_${one.name}`,
          type: { kind: 'array', element: one.type },
          isArray: true,
        });
      }
    }
    for (const one of profile.routines) {
      if (!this.#routineIds.has(one.name)) this.#routineIds.set(one.name, one.id);
      this.#routineNames.set(one.id, one.name);
      if (!this.#functionNames.has(one.primitive)) this.#functionNames.set(one.primitive, one.name);
    }
  }

  /** A name given at login: delimited by nature, so exact unless it is its own fold. */
  identifier(text: string): Identifier {
    const folded =
      this.profile.identifierFold === 'upper'
        ? text.toUpperCase()
        : this.profile.identifierFold === 'lower'
          ? text.toLowerCase()
          : text;
    return { text, exact: folded !== text };
  }

  /** The system catalog where names without a qualifier mean this schema's views first. */
  systemFor(schema: string | undefined): SystemCatalog {
    return schema === undefined ? this.system : { ...this.system, systemSchema: schema };
  }

  viewById(id: ObjectId): ViewDefinition | undefined {
    return this.#viewsById.get(id);
  }

  typeId(type: SqlType): ObjectId {
    return (
      this.#typeIds.get(typeKey(type)) ??
      this.#typeIds.get(typeKey({ kind: type.kind })) ??
      this.#typeIds.get('unknown||') ??
      0
    );
  }

  typeById(id: ObjectId): SqlType | undefined {
    return this.#typesById.get(id)?.type;
  }

  typeIdByName(text: string): ObjectId | undefined {
    return this.#typeNames.find(text);
  }

  formatType(id: ObjectId, modifier: number | undefined): string | undefined {
    const entry = this.#typesById.get(id);
    return entry === undefined ? undefined : formatBuiltinType(entry.name, entry.type, modifier);
  }

  routineId(name: string): ObjectId | undefined {
    return this.#routineIds.get(name);
  }

  routineName(id: ObjectId): string | undefined {
    return this.#routineNames.get(id) ?? this.facts.find('routine', id)?.fields[0];
  }

  /** The dialect's own name of an engine primitive, for expressions shown as text. */
  functionName(primitive: string): string {
    return this.#functionNames.get(primitive) ?? primitive;
  }
}

function typeKey(type: SqlType): string {
  if (type.kind === 'array') return `array|${type.element === undefined ? '' : typeKey(type.element)}`;
  const declared = type.declared ?? '';
  const variant =
    type.kind === 'text'
      ? declared === ''
        ? type.fixed === true
          ? 'bpchar'
          : type.length === undefined
            ? ''
            : 'varchar'
        : declared
      : type.kind === 'bits'
        ? type.fixed === true
          ? 'bit'
          : 'varbit'
        : declared;
  return `${type.kind}|${variant}|${type.target ?? ''}`;
}
