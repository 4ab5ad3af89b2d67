/** The text of a command, before it is compiled: what stands behind its statements. */

/** The text without semicolons and blanks at its end, which no message quotes. */
export function withoutEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === ';' || text.charCodeAt(end - 1) <= 0x20)) end--;
  return text.slice(0, end);
}

/** Does no statement follow? */
export function isBlank(rest: string): boolean {
  return /^[\s;]*$/.test(rest);
}
