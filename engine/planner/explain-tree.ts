/**
 * The properties that tools read of a plan node (format JSON): kind of node and how it works, told apart where the
 * text form says both in one title, and what it reads.
 */
import type { ReadRelation } from './physical.ts';

type Properties = Record<string, unknown>;

const JOIN = /^(Hash|Merge|Nested Loop)(?: (Left|Right|Full|Semi|Anti))?(?: Join)?$/;
const MODIFICATIONS = new Set(['Insert', 'Update', 'Delete', 'Merge']);

/** What a node's title says. */
export function nodeProperties(title: string, modifies: boolean): Properties {
  if (modifies && MODIFICATIONS.has(title)) return { 'Node Type': 'ModifyTable', Operation: title };
  const join = JOIN.exec(title);
  // 'Hash' alone is the side that a hash join builds on.
  if (join !== null && title !== 'Hash')
    return {
      'Node Type': join[1] === 'Nested Loop' ? 'Nested Loop' : `${join[1]} Join`,
      'Join Type': join[2] ?? 'Inner',
    };
  switch (title) {
    case 'HashAggregate':
      return { 'Node Type': 'Aggregate', Strategy: 'Hashed', 'Partial Mode': 'Simple' };
    case 'Aggregate':
      return { 'Node Type': 'Aggregate', Strategy: 'Plain', 'Partial Mode': 'Simple' };
    case 'Index Scan':
      return { 'Node Type': title, 'Scan Direction': 'Forward' };
    case 'Index Scan Backward':
      return { 'Node Type': 'Index Scan', 'Scan Direction': 'Backward' };
  }
  if (title.startsWith('HashSetOp '))
    return { 'Node Type': 'SetOp', Strategy: 'Hashed', Command: title.slice('HashSetOp '.length) };
  return { 'Node Type': title };
}

const NAMES: Readonly<Record<ReadRelation['kind'], string>> = {
  table: 'Relation Name',
  function: 'Function Name',
  common: 'CTE Name',
};

export function relationProperties(read: ReadRelation | undefined): Properties {
  if (read === undefined) return {};
  return {
    ...(read.index === undefined ? {} : { 'Index Name': read.index }),
    [NAMES[read.kind]]: read.name,
    Alias: read.alias === '' ? read.name : read.alias,
  };
}

/** As the text form shows it after the title: ' using i on t a'. */
export function relationText(read: ReadRelation | undefined): string {
  if (read === undefined) return '';
  const using = read.index === undefined ? '' : ` using ${read.index}`;
  return `${using} on ${read.name}${read.alias === '' || read.alias === read.name ? '' : ` ${read.alias}`}`;
}

/** Block counts of BUFFERS: there is no buffer cache between plans and the store, so that they are 0. */
export const BUFFERS: Properties = Object.fromEntries(
  ['Shared', 'Local'].flatMap((kind) =>
    ['Hit', 'Read', 'Dirtied', 'Written'].map((what) => [`${kind} ${what} Blocks`, 0]),
  ),
);
