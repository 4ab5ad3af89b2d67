/**
 * How columns of `sys.columns` look in MySQL's words, as SQL expressions over the columns of one alias:
 * data type, full type, character set, default, extra.
 */

/** Lengths that mean "no bound" to clients. */
const TEXT_BYTES: Readonly<Record<string, string>> = {
  tinytext: '255',
  text: '65535',
  mediumtext: '16777215',
  longtext: '4294967295',
};

const when = (pairs: readonly (readonly [string, string])[], otherwise: string): string =>
  `CASE ${pairs.map(([condition, result]) => `WHEN ${condition} THEN ${result}`).join(' ')} ELSE ${otherwise} END`;

/** Words for kinds that need no more than the kind. */
const PLAIN_KINDS: Readonly<Record<string, string>> = {
  bool: 'tinyint',
  int8: 'tinyint',
  int16: 'smallint',
  int24: 'mediumint',
  int32: 'int',
  int64: 'bigint',
  decimal: 'decimal',
  float32: 'float',
  float64: 'double',
  date: 'date',
  time: 'time',
  timestamp: 'datetime',
  timestamptz: 'timestamp',
  year: 'year',
  bits: 'bit',
  enum: 'enum',
  set: 'set',
  json: 'json',
  jsonb: 'json',
};

export function dataType(c: string): string {
  const plain = Object.entries(PLAIN_KINDS).map(([kind, word]) => [`${c}.type_kind = '${kind}'`, `'${word}'`] as const);
  const text = when(
    [
      [`${c}.declared IN ('tinytext', 'text', 'mediumtext', 'longtext') AND ${c}.length IS NULL`, `${c}.declared`],
      [`${c}.length IS NULL`, `'longtext'`],
      [`${c}.fixed`, `'char'`],
    ],
    `'varchar'`,
  );
  const bytes = when(
    [
      [`${c}.declared IN ('tinyblob', 'blob', 'mediumblob', 'longblob')`, `${c}.declared`],
      [`${c}.length IS NULL`, `'longblob'`],
      [`${c}.fixed`, `'binary'`],
    ],
    `'varbinary'`,
  );
  return when([...plain, [`${c}.type_kind = 'text'`, text], [`${c}.type_kind = 'bytes'`, bytes]], `'longtext'`);
}

/** Labels in quotes; no label holds the character that separates them meanwhile. */
function labelList(c: string): string {
  const separator = 'sys.chr(1)';
  const joined = `REPLACE(sys.array_to_string(${c}.labels, ${separator}), '''', '''''')`;
  return `CONCAT('(''', REPLACE(${joined}, ${separator}, ''','''), ''')')`;
}

/** What stands behind the word of the data type. */
export function columnType(c: string): string {
  const suffix = when(
    [
      [`${c}.type_kind = 'bool' OR ${c}.declared = 'tinyint(1)'`, `'(1)'`],
      [
        `${c}.declared LIKE '%zerofill'`,
        `CONCAT('(', sys.split_part(sys.split_part(${c}.declared, '(', 2), ')', 1), ')')`,
      ],
      [`${c}.type_kind = 'decimal'`, `CONCAT('(', COALESCE(${c}.precision, 65), ',', COALESCE(${c}.scale, 30), ')')`],
      [
        `${c}.type_kind IN ('float32', 'float64') AND ${c}.precision IS NOT NULL`,
        `CONCAT('(', ${c}.precision, ',', ${c}.scale, ')')`,
      ],
      [`${c}.type_kind IN ('text', 'bytes', 'bits') AND ${c}.length IS NOT NULL`, `CONCAT('(', ${c}.length, ')')`],
      [`${c}.type_kind IN ('enum', 'set')`, labelList(c)],
      [
        `${c}.type_kind IN ('time', 'timestamp', 'timestamptz') AND COALESCE(${c}.precision, 6) > 0`,
        `CONCAT('(', COALESCE(${c}.precision, 6), ')')`,
      ],
    ],
    `''`,
  );
  return `CONCAT(${dataType(c)}, ${suffix}, CASE WHEN ${c}.is_unsigned THEN ' unsigned' ELSE '' END, CASE WHEN ${c}.declared LIKE '%zerofill' THEN ' zerofill' ELSE '' END)`;
}

const isText = (c: string): string => `${c}.type_kind IN ('text', 'enum', 'set')`;

export function collation(c: string): string {
  return when(
    [
      [`${c}.type_kind NOT IN ('text', 'enum', 'set')`, 'NULL'],
      // Columns that other dialects made without one compare by code points.
      [`COALESCE(${c}.collation, 'C') IN ('C', 'POSIX', 'binary')`, `'utf8mb4_bin'`],
    ],
    `${c}.collation`,
  );
}

export const characterSet = (collationText: string): string => `sys.split_part(${collationText}, '_', 1)`;

export function maximumLength(c: string): string {
  const words = Object.entries(TEXT_BYTES).map(([word, bytes]) => [`${c}.declared = '${word}'`, bytes] as const);
  return when(
    [
      [`${c}.type_kind IN ('text', 'bytes') AND ${c}.length IS NOT NULL`, `${c}.length`],
      [`${c}.type_kind = 'text'`, when(words, '4294967295')],
      [
        `${c}.type_kind = 'bytes'`,
        when(
          words.map(([condition, bytes]) => [condition.replace('text', 'blob'), bytes] as const),
          '4294967295',
        ),
      ],
    ],
    'NULL',
  );
}

/** Bytes: up to four per character. */
export function octetLength(c: string): string {
  const length = maximumLength(c);
  return when([[`${isText(c)} AND ${c}.length IS NOT NULL`, `${c}.length * 4`]], length);
}

const NUMBER_DIGITS: Readonly<Record<string, readonly [digits: number, unsignedDigits: number]>> = {
  bool: [3, 3],
  int8: [3, 3],
  int16: [5, 5],
  int24: [7, 7],
  int32: [10, 10],
  int64: [19, 20],
  float32: [12, 12],
  float64: [22, 22],
};

export function numericPrecision(c: string): string {
  const floats = `${c}.type_kind IN ('float32', 'float64') AND ${c}.precision IS NOT NULL`;
  const numbers = Object.entries(NUMBER_DIGITS).map(
    ([kind, [digits, unsigned]]) =>
      [
        `${c}.type_kind = '${kind}'`,
        digits === unsigned ? String(digits) : `CASE WHEN ${c}.is_unsigned THEN ${unsigned} ELSE ${digits} END`,
      ] as const,
  );
  return when(
    [
      [floats, `${c}.precision`],
      ...numbers,
      [`${c}.type_kind = 'decimal'`, `COALESCE(${c}.precision, 65)`],
      [`${c}.type_kind = 'bits'`, `${c}.length`],
    ],
    'NULL',
  );
}

export function numericScale(c: string): string {
  return when(
    [
      [`${c}.type_kind = 'decimal'`, `COALESCE(${c}.scale, 30)`],
      [`${c}.type_kind IN ('float32', 'float64') AND ${c}.precision IS NOT NULL`, `${c}.scale`],
      [`${c}.type_kind IN ('bool', 'int8', 'int16', 'int24', 'int32', 'int64')`, '0'],
    ],
    'NULL',
  );
}

export const datetimePrecision = (c: string): string =>
  `CASE WHEN ${c}.type_kind IN ('time', 'timestamp', 'timestamptz') THEN COALESCE(${c}.precision, 6) END`;

/** Is the default something else than a literal? */
const isComputed = (c: string): string =>
  `(${c}.default_source LIKE 'CURRENT\\_TIMESTAMP%' OR ${c}.default_source LIKE '(%' OR ${c}.default_source LIKE '%()')`;

/** The default as information_schema tells it: literals without their quotes. */
export function defaultValue(c: string): string {
  const source = `${c}.default_source`;
  return when(
    [
      [`${c}.generated <> 'none' OR ${c}.sequence_id <> 0 OR ${source} = 'NULL'`, 'NULL'],
      [`${source} LIKE '''%'''`, `REPLACE(SUBSTRING(${source}, 2, CHAR_LENGTH(${source}) - 2), '''''', '''')`],
      [`${source} LIKE '(%)'`, `SUBSTRING(${source}, 2, CHAR_LENGTH(${source}) - 2)`],
    ],
    source,
  );
}

export function extra(c: string): string {
  return when(
    [
      [`${c}.sequence_id <> 0`, `'auto_increment'`],
      [`${c}.generated = 'stored'`, `'STORED GENERATED'`],
      [`${c}.generated = 'virtual'`, `'VIRTUAL GENERATED'`],
      [
        `${c}.on_update IS NOT NULL`,
        `CONCAT(CASE WHEN ${isComputed(c)} THEN 'DEFAULT_GENERATED ' ELSE '' END, 'on update ', ${c}.on_update)`,
      ],
      [isComputed(c), `'DEFAULT_GENERATED'`],
    ],
    `''`,
  );
}
