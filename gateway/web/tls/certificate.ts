import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { isIP } from "node:net";
import { BUILT, DAY } from "../../core/time.ts";
import {
  bits,
  boolean,
  type Der,
  explicit,
  implicit,
  integer,
  octets,
  oid,
  pem,
  sequence,
  set,
  time,
  utf8,
} from "./der.ts";

/** A certificate and its key, in PEM. */
export interface Identity {
  cert: string;
  key: string;
}

const ECDSA_SHA256 = sequence(oid("1.2.840.10045.4.3.2"));
const CA_LIVES = 10 * 365 * DAY;
/** With as much before: browsers accept 825 days in all from an authority that a person installed. */
export const SERVER_LIVES = 397 * DAY;

/**
 * An authority of this box alone. Name constraints keep it to private addresses and local names: should its key be
 * stolen, phones that trust it still cannot be fooled about any site of the internet.
 */
export function makeAuthority(name: string, names: readonly string[], now: number): Identity {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const permitted = [
    ...new Set([...names.filter((n) => isIP(n) === 0), "local", "lan", "localhost", "home.arpa", "internal"]),
  ].map((dns) => sequence(dnsName(dns)));
  const ranges = privateRanges.map((range) => sequence(implicit(7, range)));
  const cert = certify({
    subject: name,
    issuer: name,
    publicKey,
    signer: privateKey,
    // Good on a box whose clock has forgotten the date, too: phones were asked to trust it once.
    from: BUILT,
    to: now + CA_LIVES,
    extensions: [
      extension("2.5.29.19", sequence(boolean(true), integer(Buffer.from([0]))), true),
      extension("2.5.29.15", bits(Buffer.from([0x06]), 1), true),
      extension("2.5.29.30", sequence(explicit(0, Buffer.concat([...permitted, ...ranges]))), true),
      extension("2.5.29.14", octets(keyId(publicKey))),
    ],
  });
  return { cert, key: toPem(privateKey) };
}

/** A server certificate for these names and addresses, signed by that authority. */
export function issue(authority: Identity, issuer: string, names: readonly string[], now: number): Identity {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signer = createPrivateKey(authority.key);
  const alternatives = names.map((name) => (isIP(name) ? implicit(7, addressBytes(name)) : dnsName(name)));
  const cert = certify({
    subject: names[0] ?? "vigie",
    issuer,
    publicKey,
    signer,
    from: Math.max(BUILT, now - SERVER_LIVES),
    to: now + SERVER_LIVES,
    extensions: [
      extension("2.5.29.19", sequence(), true),
      extension("2.5.29.15", bits(Buffer.from([0x80]), 7), true),
      extension("2.5.29.37", sequence(oid("1.3.6.1.5.5.7.3.1"))),
      extension("2.5.29.17", sequence(...alternatives)),
      extension("2.5.29.14", octets(keyId(publicKey))),
      extension("2.5.29.35", sequence(implicit(0, keyId(createPublicKey(signer))))),
    ],
  });
  return { cert, key: toPem(privateKey) };
}

export const dnsName = (name: string): Der => implicit(2, Buffer.from(name));

/** Whether an address is one that the authority may sign for. */
export function isPrivate(address: string): boolean {
  const bytes = addressBytes(address);
  return privateRanges.some((range) => {
    const size = range.length / 2;
    const inside = (byte: number, i: number) => ((byte ^ (range[i] ?? 0)) & (range[size + i] ?? 0)) === 0;
    return bytes.length === size && bytes.every(inside);
  });
}

interface Request {
  subject: string;
  issuer: string;
  publicKey: KeyObject;
  signer: KeyObject;
  from: number;
  to: number;
  extensions: readonly Der[];
}

/** RFC 5280 §4.1. */
function certify({ subject, issuer, publicKey, signer, from, to, extensions }: Request): string {
  const serial = randomBytes(16);
  serial[0] = (serial[0] ?? 0) | 0x40;
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(serial),
    ECDSA_SHA256,
    distinguished(issuer),
    sequence(time(from), time(to)),
    distinguished(subject),
    publicKey.export({ type: "spki", format: "der" }),
    explicit(3, sequence(...extensions)),
  );
  return pem("CERTIFICATE", sequence(body, ECDSA_SHA256, bits(sign("sha256", body, signer))));
}

const extension = (id: string, value: Der, critical = false): Der =>
  sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value));

const distinguished = (name: string): Der => sequence(set(sequence(oid("2.5.4.3"), utf8(name.slice(0, 64)))));

const keyId = (key: KeyObject): Buffer =>
  createHash("sha1")
    .update(key.export({ type: "spki", format: "der" }).subarray(-65))
    .digest();

const toPem = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString();

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail] = address.replace(/%.*$/, "").split("::");
  const groups = (half: string) => half.split(":").filter(Boolean);
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const middle = Array.from({ length: 8 - front.length - back.length }, () => "0");
  const words = Buffer.alloc(16);
  [...front, ...middle, ...back].forEach((group, i) => {
    words.writeUInt16BE(Number.parseInt(group, 16), i * 2);
  });
  return words;
}

/** Address and mask: RFC 1918, loopback, link-local, and the same for IPv6. */
const privateRanges: readonly Buffer[] = [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["100.64.0.0", 10],
  ["fc00::", 7],
  ["fe80::", 10],
  ["::1", 128],
].map(([address, length]) => {
  const bytes = addressBytes(String(address));
  const mask = bytes.map((_, i) => (0xff00 >> Math.min(8, Math.max(0, Number(length) - i * 8))) & 0xff);
  return Buffer.concat([bytes, mask]);
});
