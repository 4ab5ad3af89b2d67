/** EXPLAIN in the formats JSON, YAML and XML: one tree of named properties, written three ways. */

/** A plan's properties in their order: texts, numbers, truth values, lists of texts, nested trees and lists of them. */
export type PropertyTree = Readonly<Record<string, unknown>>;

/** Figures have as many places as their kind: costs two, times three. */
function scalar(name: string, value: unknown): string {
  if (typeof value !== 'number') return String(value);
  return name.endsWith('Cost') ? value.toFixed(2) : name.endsWith('Time') ? value.toFixed(3) : String(value);
}

export function explainJson(tree: PropertyTree): string {
  return JSON.stringify([tree], null, 2);
}

export function explainYaml(tree: PropertyTree): string {
  return yamlItem(tree, '').join('\n');
}

/** A tree as an item of a list: its first property follows the dash. */
function yamlItem(tree: PropertyTree, indent: string): string[] {
  const lines = yamlProperties(tree, `${indent}  `);
  return lines.map((line, at) => (at === 0 ? `${indent}- ${line.slice(indent.length + 2)}` : line));
}

function yamlProperties(tree: PropertyTree, indent: string): string[] {
  return Object.entries(tree).flatMap(([name, value]) => {
    if (Array.isArray(value))
      return [
        `${indent}${name}: `,
        ...value.flatMap((item: unknown) =>
          isTree(item) ? yamlItem(item, `${indent}  `) : [`${indent}  - ${JSON.stringify(item)}`],
        ),
      ];
    if (isTree(value)) return [`${indent}${name}: `, ...yamlProperties(value, `${indent}  `)];
    return [`${indent}${name}: ${typeof value === 'string' ? JSON.stringify(value) : scalar(name, value)}`];
  });
}

/** `namespace` is the name space of the document's elements, which belongs to the clients' dialect. */
export function explainXml(tree: PropertyTree, namespace: string): string {
  return [
    `<explain xmlns="${escaped(namespace)}">`,
    '  <Query>',
    ...xmlProperties(tree, '    '),
    '  </Query>',
    '</explain>',
  ].join('\n');
}

function xmlProperties(tree: PropertyTree, indent: string): string[] {
  return Object.entries(tree).flatMap(([name, value]) => xmlElement(name, value, indent));
}

function xmlElement(name: string, value: unknown, indent: string): string[] {
  const tag = name.replaceAll(' ', '-');
  const inner = `${indent}  `;
  if (!Array.isArray(value) && !isTree(value)) return [`${indent}<${tag}>${escaped(scalar(name, value))}</${tag}>`];
  const content = Array.isArray(value)
    ? value.flatMap((item: unknown) => xmlElement(isTree(item) ? 'Plan' : 'Item', item, inner))
    : xmlProperties(value, inner);
  return [`${indent}<${tag}>`, ...content, `${indent}</${tag}>`];
}

function isTree(value: unknown): value is PropertyTree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#x0d;');
}
