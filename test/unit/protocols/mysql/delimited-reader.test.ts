/** Files as LOAD DATA describes them, cut anywhere. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DelimitedReader, type DelimitedRow } from '../../../../protocols/mysql/delimited-reader.ts';
import type { DelimitedFormat } from '../../../../sblr/contract/dialect.ts';

const TABS: DelimitedFormat = {
  fieldTerminator: '\t',
  enclosedBy: '',
  escapedBy: '\\',
  lineStart: '',
  lineTerminator: '\n',
  skipLines: 0,
};
const CSV: DelimitedFormat = { ...TABS, fieldTerminator: ',', enclosedBy: '"', lineTerminator: '\r\n' };

function read(text: string, format: DelimitedFormat, columns: number, chunk = text.length + 1): DelimitedRow[] {
  const rows: DelimitedRow[] = [];
  const reader = new DelimitedReader(format, columns, (row) => rows.push(row));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += chunk) reader.write(bytes.subarray(at, at + chunk));
  reader.finish();
  return rows;
}

const cases: readonly (readonly [string, string, DelimitedFormat, number, readonly DelimitedRow[]])[] = [
  [
    'tabs, NULL and escapes',
    '1\tone\n2\t\\N\n3\ta\\tb\\\\\n',
    TABS,
    2,
    [
      ['1', 'one'],
      ['2', null],
      ['3', 'a\tb\\'],
    ],
  ],
  [
    'a last line without end',
    '1\ta\n2\tb',
    TABS,
    2,
    [
      ['1', 'a'],
      ['2', 'b'],
    ],
  ],
  [
    'too few and too many fields',
    '1\n1\t2\t3\n',
    TABS,
    2,
    [
      ['1', null],
      ['1', '2'],
    ],
  ],
  [
    'enclosed fields',
    '1,"a,b"\r\n2,"q""q"\r\n3,"x\r\ny"\r\n',
    CSV,
    2,
    [
      ['1', 'a,b'],
      ['2', 'q"q'],
      ['3', 'x\r\ny'],
    ],
  ],
  ['the word NULL, bare and enclosed', 'NULL,"NULL"\r\n', CSV, 2, [[null, 'NULL']]],
  ['lines passed over', 'id,name\r\n1,a\r\n', { ...CSV, skipLines: 1 }, 2, [['1', 'a']]],
  [
    'lines with a start',
    'x>1\ta\njunk\ny>2\tb\n',
    { ...TABS, lineStart: '>' },
    2,
    [
      ['1', 'a'],
      ['2', 'b'],
    ],
  ],
  ['characters outside ASCII', 'ä\t€😀\n', TABS, 2, [['ä', '€😀']]],
];

describe('a delimited file', () => {
  it.each(cases)('%s', (_name, text, format, columns, rows) => {
    expect(read(text, format, columns)).toEqual(rows);
  });

  it('reads the same whatever pieces it arrives in', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...cases),
        fc.integer({ min: 1, max: 12 }),
        ([, text, format, columns, rows], chunk) => {
          expect(read(text, format, columns, chunk)).toEqual(rows);
        },
      ),
    );
  });
});
