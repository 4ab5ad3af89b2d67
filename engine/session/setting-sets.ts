/** Settings that are sets of words, some of which bring others along: `options` are 'WORD' or 'WORD=OTHER+OTHER'. */
import type { SettingDefinition } from '../../sblr/contract/session.ts';

/** The words in the order of the options, each once; or the word that there is none of. */
export function checkSet(
  definition: SettingDefinition,
  value: string,
): { readonly words: string } | { readonly unknown: string } {
  const brought = new Map<string, readonly string[]>();
  for (const option of definition.options ?? []) {
    const [word = '', others] = option.split('=');
    brought.set(word, others === undefined ? [] : others.split('+'));
  }
  const found = new Set<string>();
  for (const part of value.split(',')) {
    const word = part.trim().toUpperCase();
    if (word === '' || (word === '0' && value.trim() === '0')) continue;
    const others = brought.get(word);
    if (others === undefined) return { unknown: part };
    found.add(word);
    for (const other of others) found.add(other);
  }
  return { words: [...brought.keys()].filter((word) => found.has(word)).join(',') };
}
