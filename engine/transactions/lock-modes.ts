/**
 * Lock modes and which of them conflict. A family is a list of modes with one conflict mask per mode
 * (bit i = conflicts with mode i); the lock manager works on numbers only.
 */
export const ROW_LOCK_STRENGTHS = ['key_share', 'share', 'no_key_update', 'update'] as const;
export type RowLockStrength = (typeof ROW_LOCK_STRENGTHS)[number];

export const TABLE_LOCK_MODES = [
  'access_share',
  'row_share',
  'row_exclusive',
  'share_update_exclusive',
  'share',
  'share_row_exclusive',
  'exclusive',
  'access_exclusive',
] as const;
export type TableLockMode = (typeof TABLE_LOCK_MODES)[number];

export const ROW_MODE: Readonly<Record<RowLockStrength, number>> = {
  key_share: 0,
  share: 1,
  no_key_update: 2,
  update: 3,
};
export const ROW_CONFLICTS: readonly number[] = [0b1000, 0b1100, 0b1110, 0b1111];

export const TABLE_MODE: Readonly<Record<TableLockMode, number>> = {
  access_share: 0,
  row_share: 1,
  row_exclusive: 2,
  share_update_exclusive: 3,
  share: 4,
  share_row_exclusive: 5,
  exclusive: 6,
  access_exclusive: 7,
};
export const TABLE_CONFLICTS: readonly number[] = [
  0b10000000, // access_share
  0b11000000, // row_share
  0b11110000, // row_exclusive
  0b11111000, // share_update_exclusive
  0b11101100, // share (not with itself)
  0b11111100, // share_row_exclusive
  0b11111110, // exclusive
  0b11111111, // access_exclusive
];

/** Named locks: 0 shared, 1 exclusive. */
export const NAME_CONFLICTS: readonly number[] = [0b10, 0b11];
