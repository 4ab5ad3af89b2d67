/** Text that a program builds while it runs, as a program. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { decodeProgram } from '../../sblr/decode.ts';
import type { Program } from '../../sblr/nodes.ts';
import type { Session } from '../session/session.ts';

/** The encoded program of a text in the session's dialect. */
export function compiledText(session: Session, text: string): Uint8Array {
  const compile = session.core.compilers.get(session.dialect.profile.dialect);
  if (compile === undefined)
    throw new SqlError('feature_not_supported', 'statements built at run time are not supported');
  return compile(text, session.settings.reported());
}

export function compileText(session: Session, text: string): Program {
  return decodeProgram(compiledText(session, text));
}
