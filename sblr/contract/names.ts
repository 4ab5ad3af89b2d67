/**
 * Identifiers as they travel through SBLR and live in the catalog.
 *
 * A *regular* identifier has no case: it matches without regard to case and is shown folded in the
 * habit of the dialect that looks at it. An *exact* identifier (delimited in its dialect, and not
 * equal to that dialect's fold of itself) matches character for character.
 */
export interface Identifier {
  /** The text, already folded by the dialect's rule when it was not delimited. */
  readonly text: string;
  /** True for a delimited name that is not its dialect's fold of itself. */
  readonly exact: boolean;
}

/** A qualified name, outermost part first: [object] | [schema, object] | [database, schema, object]. */
export type Name = readonly Identifier[];

/** How a dialect folds a regular identifier. */
export type IdentifierFold = 'lower' | 'upper' | 'preserve';

export function regular(text: string): Identifier {
  return { text, exact: false };
}

/** The key under which the catalog stores and finds an identifier; the two kinds never collide. */
export function identifierKey(identifier: Identifier): string {
  return identifier.exact ? `"${identifier.text}` : identifier.text.toLowerCase();
}

/** The text shown to a session whose dialect folds by `fold`. */
export function displayIdentifier(identifier: Identifier, fold: IdentifierFold): string {
  if (identifier.exact || fold === 'preserve') return identifier.text;
  return fold === 'lower' ? identifier.text.toLowerCase() : identifier.text.toUpperCase();
}
