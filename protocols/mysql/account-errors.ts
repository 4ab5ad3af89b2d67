/** Errors of accounts, privileges and roles, as part of the error map. */
import { entry } from './error-entry.ts';

export const ACCOUNT_ERRORS = {
  invalid_grant_operation: entry(
    1144,
    '42000',
    {
      no_account: 'You are not allowed to create a user with GRANT',
      no_grant: "There is no such grant defined for user '{user}' on host '{host}'",
      no_grant_on_table: "There is no such grant defined for user '{user}' on host '{host}' on table '{table}'",
      role_loop:
        'User account `{role}`@`{roleHost}` is directly or indirectly granted to the role `{member}`@`{memberHost}`. The GRANT would create a loop',
    },
    {
      no_account: { errno: 1410 },
      no_grant: { errno: 1141 },
      no_grant_on_table: { errno: 1147 },
      level: { errno: 3619, sqlstate: 'HY000' },
      usage: { errno: 1221, sqlstate: 'HY000' },
      columns: { errno: 1221, sqlstate: 'HY000' },
      role_loop: { errno: 3520, sqlstate: 'HY000' },
    },
  ),
  invalid_role_specification: entry(3530, 'HY000', {
    not_granted: '`{role}`@`{roleHost}` is not granted to `{member}`@`{memberHost}`',
  }),
  insufficient_privilege: entry(
    1142,
    '42000',
    {
      object: "{privilege} command denied to user '{user}'@'{host}' for table '{name}'",
      owner: "{privilege} command denied to user '{user}'@'{host}' for table '{name}'",
      creation: "{privilege} command denied to user '{user}'@'{host}' for table '{relation}'",
      column: "{privilege} command denied to user '{user}'@'{host}' for column '{column}' in table '{name}'",
      database: "Access denied for user '{user}'@'{accountHost}' to database '{name}'",
      server: 'Access denied; you need (at least one of) the {privileges} privilege(s) for this operation',
      server_grant: "Access denied for user '{user}'@'{accountHost}' (using password: YES)",
      session: 'You are not owner of thread {number}',
    },
    {
      column: { errno: 1143 },
      database: { errno: 1044 },
      server: { errno: 1227 },
      server_grant: { errno: 1045, sqlstate: '28000' },
      session: { errno: 1095, sqlstate: 'HY000' },
    },
  ),
} as const;
