/**
 * Where clients come from, and the patterns that say where an account may be used from: an address, a name, an address
 * with a mask (10.1.0.0/255.255.0.0, 10.1.0.0/16), or either with wildcards (% any characters, _ one).
 */

/** A client as patterns see it: its address, and the name of the machine itself where it is local. */
export interface ClientHost {
  readonly address: string;
  readonly name: string;
}

const LOCAL_NAME = 'localhost';

/** From an address with a port behind its last colon; without an address the client is on this machine. */
export function clientHost(addressAndPort: string): ClientHost {
  const at = addressAndPort.lastIndexOf(':');
  const address = (at < 0 ? addressAndPort : addressAndPort.slice(0, at)).replace(/^::ffff:(?=\d+\.)/i, '');
  const local = address === '' || address === '127.0.0.1' || address === '::1';
  return { address, name: local ? LOCAL_NAME : address };
}

const LITERAL = 1 << 20;

/** Larger = fewer hosts fit; of patterns that fit a client the largest is meant. */
export function specificity(pattern: string): number {
  const wild = pattern.search(/[%_]/);
  if (wild >= 0) return wild;
  const slash = pattern.indexOf('/');
  if (slash < 0) return isAddress(pattern) ? LITERAL + 1 : LITERAL;
  const mask = pattern.slice(slash + 1);
  return (LITERAL >> 1) + (/^\d+$/.test(mask) ? 64 + Number(mask) : bitsOf(number(mask) ?? 0));
}

export function fits(pattern: string, client: ClientHost): boolean {
  const wanted = pattern.toLowerCase();
  const slash = wanted.indexOf('/');
  if (slash >= 0) return fitsMask(wanted.slice(0, slash), wanted.slice(slash + 1), client.address);
  if (!/[%_]/.test(wanted)) return wanted === '' || wanted === client.address || wanted === client.name;
  const expression = wildcards(wanted);
  return expression.test(client.address) || expression.test(client.name);
}

/** % and _ as LIKE has them; \ before one of them takes its meaning away. */
export function wildcards(pattern: string): RegExp {
  const parts = pattern.match(/\\[%_\\]|[\s\S]/g) ?? [];
  const text = parts.map((part) => {
    if (part === '%') return '[^]*';
    if (part === '_') return '[^]';
    return (part.length > 1 ? part.slice(1) : part).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${text.join('')}$`, 'i');
}

function isAddress(text: string): boolean {
  return number(text) !== undefined || text.includes(':');
}

/** Of an IPv4 address in dotted form. */
function number(address: string): number | undefined {
  const parts = address.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

function bitsOf(mask: number): number {
  let bits = 0;
  for (let rest = mask; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2;
  return bits;
}

function fitsMask(network: string, mask: string, address: string): boolean {
  const own = number(address);
  const wanted = number(network);
  const bits = /^\d{1,2}$/.test(mask) ? 0x1_0000_0000 - 2 ** (32 - Number(mask)) : number(mask);
  if (own === undefined || wanted === undefined || bits === undefined || bits < 0) return false;
  return (own & bits) >>> 0 === wanted >>> 0;
}
