/** ALTER SYSTEM: defaults of settings for all sessions, in force from the next load of the configuration on. */
import { regular } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import type { ServerDefinition } from '../catalog/definitions.ts';
import type { DdlContext } from './context.ts';

export const SERVER_NAME = regular('server');

export async function alterServer(statement: NodeOf<'ALTER_SERVER'>, context: DdlContext): Promise<void> {
  const { setting, settingValue } = statement;
  if (context.inTransactionBlock)
    throw new SqlError('active_sql_transaction', 'ALTER SYSTEM cannot run inside a transaction block');
  if (!context.isSuperuser)
    throw new SqlError(
      'insufficient_privilege',
      setting === 'all'
        ? 'permission denied to perform ALTER SYSTEM RESET ALL'
        : `permission denied to set parameter "${setting}"`,
    );
  const value = settingValue === undefined ? undefined : context.checkSetting(setting, settingValue);
  await context.lockName('server');
  const old = context.catalog.server();
  const { [context.dialect]: before, ...others } = old?.settings ?? {};
  const own = setting === 'all' ? {} : { ...before };
  if (value === undefined) delete own[setting];
  else own[setting] = value;
  const server: ServerDefinition = {
    kind: 'server',
    id: old?.id ?? context.catalog.base.allocateId(),
    name: SERVER_NAME,
    owner: context.role,
    settings: { ...others, [context.dialect]: own },
  };
  context.catalog.put(server);
}
