/** Text that a program builds while it runs, as a program. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { decodeProgram } from '../../sblr/decode.ts';
import type { Program } from '../../sblr/nodes.ts';
import type { Session } from '../session/session.ts';

export function compileText(session: Session, text: string): Program {
  const compile = session.core.compilers.get(session.dialect.profile.dialect);
  if (compile === undefined)
    throw new SqlError('feature_not_supported', 'statements built at run time are not supported');
  return decodeProgram(compile(text));
}
