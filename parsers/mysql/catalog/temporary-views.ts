/** What the catalog views would say of the session's own temporary tables, which they leave out. */
import { viewText } from './view-text.ts';
import { INFORMATION_SCHEMA_SHAPES } from './information-schema-shapes.ts';
import { TEMPORARY_SOURCES } from './information-schema-sources.ts';

const texts = new Map<string, string>();

/** The text of a query with the columns of the view. */
export function temporaryView(view: keyof typeof TEMPORARY_SOURCES): string {
  let text = texts.get(view);
  if (text === undefined) {
    const shape = INFORMATION_SCHEMA_SHAPES.find(([name]) => name === view);
    if (shape === undefined) throw new Error(`no view ${view}`);
    text = viewText(shape, TEMPORARY_SOURCES[view]);
    texts.set(view, text);
  }
  return text;
}
