/** Error positions: the wire counts characters (code points) from 1, the parsers UTF-16 units from 0. */
export function characterPosition(text: string, offset: number): number {
  const end = Math.min(offset, text.length);
  let characters = 0;
  for (let index = 0; index < end; index++) {
    const code = text.charCodeAt(index);
    // The second half of a surrogate pair belongs to the character counted with the first.
    if (code >= 0xdc00 && code <= 0xdfff && index > 0) {
      const before = text.charCodeAt(index - 1);
      if (before >= 0xd800 && before <= 0xdbff) continue;
    }
    characters++;
  }
  return characters + 1;
}
