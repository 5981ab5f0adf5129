import { contextTag, encodeDer, TAG } from './der.ts';

const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const DNS_NAME = new RegExp(`^(?=.{1,253}$)(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*$`);
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/** A text that is neither a host name nor an IP address. */
export class NotAHost extends Error {
  constructor(host: string) {
    super(`neither a host name nor an IP address: ${host}`);
    this.name = 'NotAHost';
  }
}

/**
 * A subjectAltName extension for these host names and IP addresses.
 * @throws NotAHost
 */
export function encodeHosts(hosts: readonly string[]): Uint8Array {
  const names = hosts.map((host) => {
    const address = findAddress(host);
    if (address) return encodeDer(contextTag(7, false), address);
    if (!DNS_NAME.test(host)) throw new NotAHost(host);
    return encodeDer(contextTag(2, false), Buffer.from(host, 'latin1'));
  });
  return encodeDer(TAG.sequence, ...names);
}

/** The octets of an IP address: 4 or 16; undefined if it is none. */
export function findAddress(host: string): Uint8Array | undefined {
  if (IPV4.test(host)) {
    const octets = host.split('.').map(Number);
    return octets.every((octet) => octet < 256) ? Uint8Array.from(octets) : undefined;
  }
  if (!/^[0-9A-Fa-f:]+$/.test(host) || !host.includes(':')) return undefined;
  const [head = '', tail, ...more] = host.split('::');
  if (more.length > 0) return undefined;
  const before = groupsOf(head);
  const after = groupsOf(tail ?? '');
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...before, ...Array<string>(missing).fill('0'), ...after];
  if (!groups.every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group))) return undefined;
  return Uint8Array.from(
    groups.flatMap((group) => {
      const value = Number.parseInt(group, 16);
      return [value >> 8, value & 0xff];
    }),
  );
}

function groupsOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(':');
}
