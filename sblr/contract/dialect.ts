/**
 * The contract of a parser plugin: SQL text in, SBLR out, plus documented facts. A plugin is pure and
 * synchronous and needs no catalog.
 */
import type { Name } from './names.ts';
import type { Semantics } from './semantics.ts';
import type { DialectProfile, ProgramRef } from './session.ts';
import type { SqlError } from './sql-error.ts';
import type { SqlType } from './types.ts';
import type { SqlValue } from './values.ts';

export interface CompileRequest {
  readonly text: string;
  /** Where in `text` the statement starts, UTF-16 code units. */
  readonly start: number;
  /** Session settings that change the meaning of text (standard_conforming_strings, sql_mode ...). */
  readonly settings: Readonly<Record<string, string>>;
}

/** What the worker does beyond passing on what the engine answers. */
export type ClientAction =
  | { readonly kind: 'none' }
  /** Rows go out as a copy stream in this format. */
  | { readonly kind: 'copy-out'; readonly format: CopyFormat }
  /** The client sends rows in this format. */
  | { readonly kind: 'copy-in'; readonly format: CopyFormat /** Of errors in the data. */; readonly relation: string }
  /** Once done, the statement that the client prepared under this name is no more. */
  | { readonly kind: 'forget-statement'; readonly name: string }
  /** Once done, the connection ends. */
  | { readonly kind: 'disconnect' }
  /** The client sends the file of this name, whose lines are the rows. */
  | { readonly kind: 'load-file'; readonly file: string; readonly format: DelimitedFormat }
  /** Answered by the worker from what the statement before this one raised. */
  | {
      readonly kind: 'diagnostics';
      readonly errorsOnly: boolean;
      readonly count: boolean;
      readonly offset: number;
      readonly limit?: number;
    };

export interface CopyFormat {
  readonly format: 'text' | 'csv' | 'binary';
  readonly delimiter: string;
  readonly nullText: string;
  readonly header: boolean | 'match';
  readonly quote: string;
  readonly escape: string;
  /** Column names to quote always ('*' = all) / never take as null / take as null even quoted. */
  readonly forceQuote: readonly string[];
  readonly forceNotNull: readonly string[];
  readonly forceNull: readonly string[];
  readonly encoding: string;
}

/** Lines of fields as LOAD DATA describes them; '' = none. */
export interface DelimitedFormat {
  readonly fieldTerminator: string;
  readonly enclosedBy: string;
  readonly escapedBy: string;
  readonly lineStart: string;
  readonly lineTerminator: string;
  /** Lines passed over at the start. */
  readonly skipLines: number;
}

export interface CompiledStatement {
  readonly program: ProgramRef;
  /** Highest parameter number the text uses ($1.., ?). */
  readonly parameterCount: number;
  /**
   * Literals taken out of the text, appended after the real parameters: the engine gets them as
   * parameters parameterCount.. of the declared types.
   */
  readonly literals: readonly SqlValue[];
  readonly literalTypes: readonly SqlType[];
  /** Command word(s) as completion shows them, known without running: 'SELECT', 'BEGIN' ... */
  readonly command: string;
  /** Does it start, end or need no transaction block? 'control' = BEGIN/COMMIT/ROLLBACK and the like. */
  readonly transactionControl: boolean;
  readonly action: ClientAction;
  /** Statement text from its first token to its last, without the terminator. */
  readonly text: string;
  /**
   * Where a position that the engine reports lies in `text`, when the program was compiled from
   * another text that differs in its lifted literals; absent = the same place.
   */
  sourcePosition?(position: number): number;
}

export type CompileResult =
  /** `start`: offset in the request's text of the statement's first token, which positions in the program count from. */
  | { readonly kind: 'statement'; readonly statement: CompiledStatement; readonly start: number; readonly end: number }
  /** Only blanks, comments and terminators up to `end`. */
  | { readonly kind: 'empty'; readonly end: number }
  /** The error's position counts from the start of the request's text. */
  | { readonly kind: 'error'; readonly error: SqlError };

export interface DialectPlugin {
  readonly name: string;
  /** e.g. 'PostgreSQL 15'. */
  readonly mimics: string;
  readonly sblrVersion: number;
  readonly semantics: Semantics;
  /** Compiles the FIRST statement at or after `start`; `end` tells where it ended (past its ';'). */
  compile(request: CompileRequest): CompileResult;
  /** Name of a built-in function by its id in the catalog. */
  readonly routineName?: (id: number) => string | undefined;
  /** Type by its name and modifiers, or undefined if the dialect has no built-in of that name. */
  typeByName(name: Name, modifiers: readonly number[]): SqlType | undefined;
  profile(): DialectProfile;
}
