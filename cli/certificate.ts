/**
 * Makes the self-signed certificate a fresh server starts with, so that TLS works without any set-up:
 * an X.509 v3 certificate (RFC 5280) over a P-256 key, signed with ECDSA and SHA-256.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';
import * as der from './der.ts';

const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';
const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
const BASIC_CONSTRAINTS = '2.5.29.19';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';
const VALID_DAYS = 3650;
const DAY_MS = 86_400_000;

export interface Certificate {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** The first DNS name becomes the common name. */
export function makeCertificate(dnsNames: readonly string[], addresses: readonly string[]): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const algorithm = der.sequence(der.objectIdentifier(ECDSA_WITH_SHA256));
  const commonName = der.sequence(der.objectIdentifier(COMMON_NAME), der.utf8String(dnsNames[0] ?? 'localhost'));
  const name = der.sequence(der.set(commonName));
  // A day earlier, for clients whose clock is behind.
  const now = Date.now();
  const validity = der.sequence(der.time(new Date(now - DAY_MS)), der.time(new Date(now + VALID_DAYS * DAY_MS)));
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const body = der.sequence(
    der.tagged(0, true, der.integer(Buffer.of(2))),
    der.integer(serial),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der.tagged(3, true, der.sequence(...extensions(dnsNames, addresses))),
  );
  const certificate = der.sequence(body, algorithm, der.bitString(sign('sha256', body, privateKey)));
  return {
    certificatePem: pem('CERTIFICATE', certificate),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

function extensions(dnsNames: readonly string[], addresses: readonly string[]): Buffer[] {
  const names = [...new Set(dnsNames)].map((name) => der.tagged(2, false, Buffer.from(name, 'ascii')));
  const ips = addresses.map((address) => der.tagged(7, false, addressBytes(address)));
  const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
    der.sequence(der.objectIdentifier(id), ...(critical ? [der.boolean(true)] : []), der.octetString(value));
  return [
    // It signs itself, so a client can take it as the root it trusts.
    extension(BASIC_CONSTRAINTS, true, der.sequence(der.boolean(true))),
    extension(EXTENDED_KEY_USAGE, false, der.sequence(der.objectIdentifier(SERVER_AUTHENTICATION))),
    extension(SUBJECT_ALTERNATIVE_NAME, false, der.sequence(...names, ...ips)),
  ];
}

/** Only the two loopback addresses are ever needed here; any IPv4 works, of IPv6 only '::1'. */
function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const bytes = Buffer.alloc(16);
  bytes[15] = 1;
  return bytes;
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
