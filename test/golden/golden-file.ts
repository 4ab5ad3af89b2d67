/**
 * Files of SQL with what each statement must answer (`.slt`). Records are separated by blank lines:
 *
 *     # comment
 *     query rowsort              or: statement | statement error 42P01
 *     select a, b from t
 *     ----
 *     columns a:23 b:25
 *     | 1 | one |
 *     tag SELECT 1
 *
 * The lines after `----` are everything the server sent, in order: `columns` with type ids (`user` for types that statements made), rows with
 * values as text (`\N` is null, `|` and `\` are escaped), notices, command tags, or an error with its
 * SQLSTATE, position and details (MySQL files: see mysql-client.ts). `rowsort` says that the order of rows does not matter, `differs REASON`
 * before a record that the server is known to answer otherwise, `oracle REASON` before one that the real
 * server at hand answers otherwise than the one that is mimicked.
 * A record without a header line and without `----` is new: recording fills it in from a real server.
 */
export interface GoldenRecord {
  readonly line: number;
  readonly comments: readonly string[];
  readonly sql: string;
  readonly rowsort: boolean;
  /** Why the answer is known not to be the recorded one. */
  readonly differs: string | undefined;
  /** Why the real server at hand does not answer as recorded. */
  readonly oracle: string | undefined;
  readonly expected: readonly string[] | undefined;
}

export function parseGolden(text: string): GoldenRecord[] {
  const records: GoldenRecord[] = [];
  const lines = text.split('\n');
  let start = 0;
  while (start < lines.length) {
    if (lines[start] === '') {
      start++;
      continue;
    }
    let end = start;
    while (end < lines.length && lines[end] !== '') end++;
    records.push(parseRecord(lines.slice(start, end), start + 1));
    start = end;
  }
  return records;
}

function parseRecord(lines: readonly string[], line: number): GoldenRecord {
  const comments: string[] = [];
  let differs: string | undefined;
  let oracle: string | undefined;
  let rowsort = false;
  let at = 0;
  for (; at < lines.length; at++) {
    const each = lines[at]!;
    if (each.startsWith('#')) comments.push(each);
    else if (each.startsWith('differs ')) differs = each.slice('differs '.length);
    else if (each.startsWith('oracle ')) oracle = each.slice('oracle '.length);
    else if (/^(statement( error \w{5})?|query)( rowsort)?$/.test(each) || each === 'rowsort')
      rowsort ||= each.endsWith('rowsort');
    else break;
  }
  const rest = lines.slice(at);
  const separator = rest.indexOf('----');
  return {
    line,
    comments,
    differs,
    oracle,
    rowsort,
    sql: (separator < 0 ? rest : rest.slice(0, separator)).join('\n'),
    expected: separator < 0 ? undefined : rest.slice(separator + 1),
  };
}

export function formatGolden(records: readonly GoldenRecord[]): string {
  return records.map(formatRecord).join('\n');
}

function formatRecord({ comments, differs, oracle, sql, rowsort, expected }: GoldenRecord): string {
  const head = [...comments];
  if (differs !== undefined) head.push(`differs ${differs}`);
  if (oracle !== undefined) head.push(`oracle ${oracle}`);
  if (sql === '') return `${head.join('\n')}\n`;
  const error = expected?.find((line) => line.startsWith('error '))?.split(' ')[1];
  const isQuery = expected?.some((line) => line.startsWith('columns')) === true;
  let header = 'statement';
  if (error !== undefined) header = `statement error ${error}`;
  else if (isQuery) header = 'query';
  head.push(rowsort ? `${header} rowsort` : header, sql);
  if (expected !== undefined) head.push('----', ...expected);
  return `${head.join('\n')}\n`;
}

/** What is compared: the lines, with rows in one order where their order does not matter. */
export function comparable(lines: readonly string[], rowsort: boolean): string[] {
  // A result that fails may or may not have been described before: the real server evaluates constants while it plans.
  const told = lines.filter(
    (line, at) => !(line.startsWith('columns ') && lines[at + 1]?.startsWith('error ') === true),
  );
  if (!rowsort) return told;
  const rows = told.filter((line) => line.startsWith('|')).sort();
  return told.map((line) => (line.startsWith('|') ? rows.shift()! : line));
}
