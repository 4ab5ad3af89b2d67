/** Why a text is no JSON document and where it stops being one, for messages. */

export interface JsonFault {
  readonly reason: string;
  /** Characters before the fault. */
  readonly at: number;
}

/** What the platform's parser says, and the same in the words of a message. */
const REASONS: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/non-whitespace character after JSON/, 'The document root must not be followed by other values.'],
  [/after property value/, 'Missing a comma or } after an object member.'],
  [/after array element/, 'Missing a comma or ] after an array element.'],
  [/property name or '}'|double-quoted property name/, 'Missing a name for object member.'],
  [/':' after property name/, 'Missing a colon after a name of object member.'],
  [/Unterminated string/, 'Missing a closing quotation mark in string.'],
];

export function jsonFault(text: string): JsonFault {
  if (text.trim() === '') return { reason: 'The document is empty.', at: text.length };
  try {
    JSON.parse(text);
    return { reason: 'Invalid value.', at: 0 };
  } catch (error) {
    const { message } = error as Error;
    const reason = REASONS.find(([pattern]) => pattern.test(message))?.[1] ?? 'Invalid value.';
    return {
      reason,
      at: Number(/position (\d+)/.exec(message)?.[1] ?? (/end of JSON/.test(message) ? text.length : 0)),
    };
  }
}
