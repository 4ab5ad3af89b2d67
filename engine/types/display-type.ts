/** Names of types as clients see them; shared with the workers. */
export { baseTypeName, displayType } from '../../sblr/contract/text/type-name.ts';
