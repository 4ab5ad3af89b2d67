/** Domains and what they are made of: a domain may stand on another one, whose rules hold for it, too. */
import type { SqlType } from '../../sblr/contract/types.ts';
import type { CatalogView, ObjectId, UserTypeDefinition } from './definitions.ts';

type Lookup = Pick<CatalogView, 'get'>;

/** The domain with this id and those it stands on, the outermost first; none where the id is no domain's. */
export function domainLineage(catalog: Lookup, id: ObjectId | undefined): UserTypeDefinition[] {
  const found: UserTypeDefinition[] = [];
  for (let at = id; at !== undefined; ) {
    const definition = catalog.get(at);
    if (definition?.kind !== 'type' || definition.form !== 'domain') break;
    found.push(definition);
    at = definition.type.typeId;
  }
  return found;
}

/** Does the domain, or one that it stands on, refuse any value? */
export function refusesValues(lineage: readonly UserTypeDefinition[]): boolean {
  return lineage.some((domain) => domain.notNull || domain.checks.length > 0);
}

/** Is the type the domain or one that stands on it? */
export function standsOn(catalog: Lookup, type: SqlType, domainId: ObjectId): boolean {
  return domainLineage(catalog, type.typeId).some((domain) => domain.id === domainId);
}

/** Is the type made of the domain: an array of it, a row with a field of it? */
export function contains(catalog: Lookup, type: SqlType, domainId: ObjectId): boolean {
  const parts = [...(type.element === undefined ? [] : [type.element]), ...(type.fields ?? []).map((one) => one.type)];
  return parts.some((part) => standsOn(catalog, part, domainId) || contains(catalog, part, domainId));
}
