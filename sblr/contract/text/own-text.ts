/**
 * Types kept as text that take only text of a certain form: their input functions, which check it and answer the
 * spelling that is kept.
 */
import { readHardwareAddress, readLogPosition, readLongHardwareAddress, readRowPlace } from './hardware-address.ts';
import { formatJsonPath, parseJsonPath } from './json-path-text.ts';
import { formatAddress, parseNetwork, readNetwork } from './network.ts';

export const TEXT_INPUTS: ReadonlyMap<string, (text: string) => string> = new Map<string, (text: string) => string>([
  ['jsonpath', (text) => formatJsonPath(parseJsonPath(text))],
  ['inet', (text) => readNetwork(text, 'inet')],
  ['cidr', (text) => readNetwork(text, 'cidr')],
  ['macaddr', readHardwareAddress],
  ['macaddr8', readLongHardwareAddress],
  ['pg_lsn', readLogPosition],
  ['tid', readRowPlace],
]);

/** What a cast to an ordinary string gives where that is not the spelling shown. */
export const TEXT_CASTS: ReadonlyMap<string, (text: string) => string> = new Map([
  [
    'inet',
    (text: string): string => {
      const { bytes, bits } = parseNetwork(text, 'inet');
      return `${formatAddress(bytes)}/${bits}`;
    },
  ],
]);
