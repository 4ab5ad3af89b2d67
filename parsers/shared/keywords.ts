/**
 * Keyword tables. The tokenizer attaches the entry to every undelimited word that is in its dialect's
 * table, so the parser decides by category and never by comparing lists of words.
 */

/**
 * unreserved: may name anything; column_name: not a function or type; type_function: only a function
 * or type; reserved: never a name without delimiters.
 */
export type KeywordCategory = 'unreserved' | 'column_name' | 'type_function' | 'reserved';

export interface Keyword {
  readonly word: string;
  readonly category: KeywordCategory;
  /** May it label an output column without AS? */
  readonly bareLabel: boolean;
}

export type KeywordTable = ReadonlyMap<string, Keyword>;

/** Builds a table from blank-separated word lists. */
export function keywordTable(
  lists: readonly { readonly category: KeywordCategory; readonly bareLabel: boolean; readonly words: string }[],
): KeywordTable {
  const table = new Map<string, Keyword>();
  for (const { category, bareLabel, words } of lists) {
    for (const word of words.split(/\s+/)) if (word !== '') table.set(word, { word, category, bareLabel });
  }
  return table;
}
