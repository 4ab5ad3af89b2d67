/** Values on the wire: text and binary both ways, types, copy formats, and hostile bytes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { characterPosition } from '../../../../protocols/postgres/char-position.ts';
import { createCopyParser, type CopyRow } from '../../../../protocols/postgres/copy-in.ts';
import { CopyOutEncoder } from '../../../../protocols/postgres/copy-out.ts';
import { decodeBinary } from '../../../../protocols/postgres/decode.ts';
import { encodeBinary } from '../../../../protocols/postgres/encode-binary.ts';
import { RowEncoder } from '../../../../protocols/postgres/encode.ts';
import { lengthOfType, modifierOfType, oidOfType, typeOfOid } from '../../../../protocols/postgres/types.ts';
import { NetworkReader } from '../../../../protocols/shared/byte-reader.ts';
import { NetworkWriter } from '../../../../protocols/shared/byte-writer.ts';
import type { CopyFormat } from '../../../../sblr/contract/dialect.ts';
import { RowBlockWriter } from '../../../../sblr/contract/row-block.ts';
import type { ResultColumn } from '../../../../sblr/contract/session.ts';
import { SqlError } from '../../../../sblr/contract/sql-error.ts';
import { DEFAULT_TEXT_SETTINGS } from '../../../../sblr/contract/text/settings.ts';
import {
  arrayOf,
  BOOL,
  BYTES,
  DATE,
  DECIMAL,
  FLOAT32,
  FLOAT64,
  INT16,
  INT32,
  INT64,
  INTERVAL,
  JSONB,
  OID,
  TEXT,
  TIME,
  TIMESTAMP,
  TIMESTAMPTZ,
  TIMETZ,
  UUID,
  type SqlType,
} from '../../../../sblr/contract/types.ts';
import {
  canonicalInteger,
  Decimal,
  Interval,
  Jsonb,
  SqlArray,
  TimeTz,
  type SqlValue,
} from '../../../../sblr/contract/values.ts';
import { CSV_COPY, fakeCompiler, TEXT_COPY } from './fake-engine.ts';
import { row, split, startup, WireClient } from './wire-client.ts';

const column = (type: SqlType, name = 'c'): ResultColumn => ({ name, type, tableId: 0, columnPosition: 0 });

function textOf(type: SqlType, value: SqlValue): string | null {
  const rows = new RowBlockWriter([type]);
  rows.append([value]);
  const writer = new NetworkWriter();
  new RowEncoder([column(type)], []).encode(writer, rows.take(), DEFAULT_TEXT_SETTINGS);
  return row(split(writer.take())[0]!.body)[0] as string | null;
}

function roundTrip(type: SqlType, value: Exclude<SqlValue, null>): SqlValue {
  const writer = new NetworkWriter();
  encodeBinary(writer, type, value);
  const bytes = writer.take();
  const reader = new NetworkReader();
  reader.reset(bytes, 0, bytes.length);
  return decodeBinary(reader, bytes.length, type);
}

describe('text results', () => {
  const cases: [SqlType, SqlValue, string | null][] = [
    [INT32, 0, '0'],
    [INT32, -2147483648, '-2147483648'],
    [INT32, 2147483647, '2147483647'],
    [INT16, -7, '-7'],
    [INT32, 1000000, '1000000'],
    [INT64, 9223372036854775807n, '9223372036854775807'],
    [INT64, -9007199254740991, '-9007199254740991'],
    [OID, 4294967295, '4294967295'],
    [BOOL, true, 't'],
    [BOOL, false, 'f'],
    [TEXT, '', ''],
    [TEXT, 'é😀', 'é😀'],
    [TEXT, 'x'.repeat(5000), 'x'.repeat(5000)],
    [TEXT, null, null],
    [{ kind: 'text', length: 5, fixed: true }, 'é', 'é    '],
    [DECIMAL, new Decimal(-105, 2), '-1.05'],
    [DECIMAL, new Decimal(0, 0, 'NaN'), 'NaN'],
    [FLOAT64, 0.1, '0.1'],
    [FLOAT64, Infinity, 'Infinity'],
    [FLOAT64, 1e300, '1e+300'],
    [FLOAT32, Math.fround(0.1), '0.1'],
    [DATE, 0, '1970-01-01'],
    [DATE, Infinity, 'infinity'],
    [TIMESTAMP, 1_000_001, '1970-01-01 00:00:01.000001'],
    [TIMESTAMPTZ, 0, '1970-01-01 00:00:00+00'],
    [TIMESTAMP, -Infinity, '-infinity'],
    [TIME, 3_600_000_000, '01:00:00'],
    [TIMETZ, new TimeTz(0, 7200), '00:00:00+02'],
    [INTERVAL, new Interval(14, 3, 1_000_000), '1 year 2 mons 3 days 00:00:01'],
    [BYTES, Buffer.from([1, 255]), '\\x01ff'],
    [UUID, '00112233-4455-6677-8899-aabbccddeeff', '00112233-4455-6677-8899-aabbccddeeff'],
    [JSONB, new Jsonb('{"a": 1}'), '{"a": 1}'],
    [arrayOf(INT32), new SqlArray([1, null, 3]), '{1,NULL,3}'],
    [arrayOf(TEXT), new SqlArray(['a b', 'c,d', '"', '', 'null']), '{"a b","c,d","\\"","","null"}'],
    [arrayOf(INT32), new SqlArray([1, 2, 3, 4], [2, 2]), '{{1,2},{3,4}}'],
    [{ kind: 'array', element: INT16, declared: 'int2vector' }, new SqlArray([1, 2]), '1 2'],
  ];
  it.each(cases)('%o %o', (type, value, text) => {
    expect(textOf(type, value)).toBe(text);
  });

  it('prints every integer as String does', () => {
    fc.assert(fc.property(fc.integer(), (value) => textOf(INT32, value) === String(value)));
    fc.assert(fc.property(fc.maxSafeInteger(), (value) => textOf(INT64, value) === String(value)));
  });
});

describe('binary values', () => {
  const cases: [SqlType, Exclude<SqlValue, null>][] = [
    [BOOL, true],
    [INT16, -5],
    [INT32, 70000],
    [INT64, 9223372036854775807n],
    [INT64, -3],
    [FLOAT64, 1.5],
    [FLOAT32, 0.5],
    [TEXT, 'é'],
    [OID, 4000000000],
    [DATE, -3],
    [DATE, Infinity],
    [TIME, 5],
    [TIMETZ, new TimeTz(5, -3600)],
    [TIMESTAMP, 12345],
    [TIMESTAMPTZ, -Infinity],
    [INTERVAL, new Interval(1, -2, 3)],
    [UUID, '00112233-4455-6677-8899-aabbccddeeff'],
    [JSONB, new Jsonb('[1]')],
    [DECIMAL, new Decimal(0, 0, '-Infinity')],
    [arrayOf(INT32), new SqlArray([1, null, 3])],
    [arrayOf(TEXT), new SqlArray([])],
    [arrayOf(DECIMAL), new SqlArray([new Decimal(1, 1), new Decimal(2, 0)], [1, 2], [0, 5])],
    [{ kind: 'bits' }, { text: '1010101011' } as never],
  ];
  it.each(cases)('%o %o', (type, value) => {
    expect(roundTrip(type, value)).toEqual(value);
  });

  it('keeps every decimal', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
        fc.integer({ min: 0, max: 60 }),
        (unscaled, scale) => {
          const value = new Decimal(canonicalInteger(unscaled), scale);
          expect(roundTrip(DECIMAL, value)).toEqual(value);
        },
      ),
    );
  });

  it('raises nothing but its own errors on hostile bytes', () => {
    const types = [
      BOOL,
      INT16,
      INT32,
      INT64,
      FLOAT32,
      FLOAT64,
      DECIMAL,
      TEXT,
      BYTES,
      DATE,
      TIME,
      TIMETZ,
      TIMESTAMP,
      INTERVAL,
      UUID,
      JSONB,
      arrayOf(INT32),
      arrayOf(TEXT),
    ];
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.uint8Array({ maxLength: 80 }), (type, data) => {
        const bytes = Buffer.from(data);
        const reader = new NetworkReader();
        reader.reset(bytes, 0, bytes.length);
        try {
          decodeBinary(reader, bytes.length, type);
        } catch (error) {
          expect(
            error instanceof SqlError ||
              (error as Error).constructor.name === 'MalformedMessage' ||
              (error as Error).constructor.name === 'InvalidUtf8',
          ).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('types', () => {
  it.each<[SqlType, number, number, number]>([
    [INT32, 23, 4, -1],
    [{ kind: 'text', length: 50, declared: 'varchar' }, 1043, -1, 54],
    [{ kind: 'text', length: 3, fixed: true }, 1042, -1, 7],
    [{ kind: 'decimal', precision: 10, scale: 2 }, 1700, -1, 0xa0006],
    [{ kind: 'timestamptz', precision: 3 }, 1184, 8, 3],
    [{ kind: 'interval', intervalFields: 'day to second', precision: 3 }, 1186, 16, (0x1c08 << 16) | 3],
    [{ kind: 'text', declared: 'name' }, 19, 64, -1],
    [{ kind: 'text', declared: '"char"' }, 18, 1, -1],
    [arrayOf(TEXT), 1009, -1, -1],
    [arrayOf(JSONB), 3807, -1, -1],
    [{ kind: 'array', element: INT16, declared: 'int2vector' }, 22, -1, -1],
    [{ kind: 'reference', target: 'relation' }, 2205, 4, -1],
    [{ kind: 'enum', typeId: 20001, labels: ['a'] }, 20001, 4, -1],
    [{ kind: 'unknown' }, 25, -1, -1],
    [{ kind: 'void' }, 2278, 4, -1],
    [{ kind: 'record' }, 2249, -1, -1],
  ])('%o is %i', (type, oid, length, modifier) => {
    expect([oidOfType(type), lengthOfType(type), modifierOfType(type)]).toEqual([oid, length, modifier]);
  });

  it('finds the type of every OID it gives', () => {
    for (const oid of [
      16, 17, 19, 20, 21, 23, 25, 26, 700, 701, 1042, 1043, 1082, 1114, 1184, 1186, 1700, 2205, 2950, 3802, 1007, 1009,
      1231,
    ]) {
      const type = typeOfOid(oid);
      expect(type === null || type === undefined ? type : oidOfType(type)).toBe(oid);
    }
    expect(typeOfOid(0)).toBeUndefined();
    expect(typeOfOid(9999)).toBeNull();
    expect(typeOfOid(20000)).toBeUndefined();
  });

  it('counts positions in characters', () => {
    expect(characterPosition('a😀b', 3)).toBe(3);
    expect(characterPosition('ab', 99)).toBe(3);
  });
});

const COLUMNS = [column(TEXT, 'a'), column(TEXT, 'b')];

function parseCopy(format: CopyFormat, data: Buffer, pieceBytes: number, columns = COLUMNS): CopyRow[] {
  const rows: CopyRow[] = [];
  const parser = createCopyParser(format, columns, (each) => rows.push(each));
  for (let at = 0; at < data.length; at += pieceBytes) parser.write(data.subarray(at, at + pieceBytes));
  parser.finish();
  return rows;
}

describe('copy', () => {
  it.each<[string, CopyFormat, string, CopyRow[]]>([
    [
      'text',
      TEXT_COPY,
      '1\t\\N\na\\tb\\\\\tx\\\ny\n',
      [
        ['1', null],
        ['a\tb\\', 'x\ny'],
      ],
    ],
    ['text with bytes', TEXT_COPY, '\\x41\\303\\251\t\\101\n', [['Aé', 'A']]],
    [
      'text with CRLF',
      TEXT_COPY,
      '1\t2\r\n3\t4\r\n',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    [
      'text with CR',
      TEXT_COPY,
      '1\t2\r3\t4\r',
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
    ['text up to the end mark', TEXT_COPY, '1\t2\n\\.\nrubbish', [['1', '2']]],
    ['text without last newline', TEXT_COPY, '1\té', [['1', 'é']]],
    [
      'csv',
      CSV_COPY,
      '1,\n"","a ""q"", b\nc"\nx"y,z"w,\n',
      [
        ['1', null],
        ['', 'a "q", b\nc'],
        ['xy,zw', null],
      ],
    ],
    ['csv with header', { ...CSV_COPY, header: 'match' }, 'a,b\n1,2\n', [['1', '2']]],
    [
      'csv with nulls forced',
      { ...CSV_COPY, nullText: 'N', forceNull: ['a'], forceNotNull: ['b'] },
      '"N",N\nN,"N"\n',
      [
        [null, 'N'],
        [null, 'N'],
      ],
    ],
    ['csv with another escape', { ...CSV_COPY, escape: '\\' }, '"a\\"b\\\\","c\\d"\n', [['a"b\\', 'c\\d']]],
  ])('reads %s', (_name, format, text, rows) => {
    for (const size of [1, 2, 3, 1000]) expect(parseCopy(format, Buffer.from(text), size)).toEqual(rows);
  });

  it.each<[string, CopyFormat, string, string]>([
    ['too few', TEXT_COPY, '1\n', 'missing data for column "b"'],
    ['too many', TEXT_COPY, '1\t2\t3\n', 'extra data after last expected column'],
    ['open quotes', CSV_COPY, '"a\n', 'unterminated CSV quoted field'],
    ['mixed line ends', TEXT_COPY, '1\t2\n3\t4\r\n', 'literal carriage return found in data'],
    [
      'a wrong header',
      { ...TEXT_COPY, header: 'match' },
      'a\tc\n',
      'column name mismatch in header line field 2: got "c", expected "b"',
    ],
    ['no signature', { ...TEXT_COPY, format: 'binary' }, 'xyz', 'COPY file signature not recognized'],
  ])('refuses %s', (_name, format, text, message) => {
    expect(() => parseCopy(format, Buffer.from(text), 1)).toThrow(message);
    expect(() => parseCopy(format, Buffer.from(text), 1000)).toThrow(message);
  });

  it('reads back what it writes, in every format', () => {
    const values = fc.oneof(
      fc.constant(null),
      fc.string(),
      fc.constantFrom('\\N', '\\.', '"', 'a,b', 'x\ty', '\r\n', ''),
      fc.string({ unit: 'grapheme' }),
    );
    const clean = values.map((value) => value?.replaceAll('\0', '') ?? null);
    fc.assert(
      fc.property(
        fc.constantFrom(TEXT_COPY, CSV_COPY, { ...TEXT_COPY, format: 'binary' as const }),
        fc.array(fc.tuple(clean, clean), { maxLength: 8 }),
        fc.integer({ min: 1, max: 50 }),
        (format, rows, pieceBytes) => {
          const block = new RowBlockWriter([TEXT, TEXT]);
          for (const each of rows) block.append(each);
          const writer = new NetworkWriter();
          const encoder = new CopyOutEncoder(format, COLUMNS);
          encoder.begin(writer);
          encoder.encode(writer, block.take(), DEFAULT_TEXT_SETTINGS);
          encoder.end(writer);
          const data = Buffer.concat(split(writer.take()).map((each) => each.body));
          expect(parseCopy(format, data, pieceBytes)).toEqual(rows);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('raises only statement errors on hostile data', () => {
    const types = [column(INT32), column(TEXT)];
    fc.assert(
      fc.property(
        fc.constantFrom(TEXT_COPY, CSV_COPY, { ...TEXT_COPY, format: 'binary' as const }),
        fc.uint8Array({ maxLength: 60 }),
        fc.boolean(),
        (format, data, signed) => {
          const head = signed ? Buffer.from('PGCOPY\n\u00ff\r\n\0\0\0\0\0\0\0\0\0', 'latin1') : Buffer.alloc(0);
          try {
            parseCopy(format, Buffer.concat([head, Buffer.from(data)]), 5, types);
          } catch (error) {
            expect(error).toBeInstanceOf(SqlError);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('hostile clients', () => {
  it('never break the server, whatever they send', async () => {
    const type = fc.constantFrom(...'BCDEFHPQSXcdfp!');
    const framed = fc.tuple(type, fc.uint8Array({ maxLength: 40 })).map(([name, body]) => {
      const bytes = Buffer.alloc(5 + body.length);
      bytes.write(name);
      bytes.writeInt32BE(body.length + 4, 1);
      bytes.set(body, 5);
      return bytes;
    });
    const known = fc
      .constantFrom('select 1\0', 'copyin\0', '\0', '\0select $1\0\0\0', '\0\0\0\0\0\0\0\0', 'S\0', 'P\0', '\0\0\0\0\0')
      .chain((body) =>
        type.map((name) => {
          const bytes = Buffer.alloc(5 + body.length);
          bytes.write(name);
          bytes.writeInt32BE(body.length + 4, 1);
          bytes.write(body, 5, 'latin1');
          return bytes;
        }),
      );
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            framed,
            known,
            fc.uint8Array({ maxLength: 20 }).map((data) => Buffer.from(data)),
          ),
          { maxLength: 12 },
        ),
        fc.boolean(),
        async (parts, greeted) => {
          const client = new WireClient({ compiler: fakeCompiler });
          if (greeted) await client.send(startup());
          split(await client.send(...parts).then((answer) => Buffer.concat(answer.map(() => Buffer.alloc(0)))));
          client.socket.emit('close');
          expect(client.connection.closed).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });
});
