/** The few words of DER (X.690) that a certificate is written in. Node can sign and read certificates, but not write one. */
export type Der = Buffer;

const tag = (number: number, ...content: readonly Uint8Array[]): Der => {
  const body = Buffer.concat(content);
  const { length } = body;
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  const head = length < 128 ? [number, length] : [number, 0x80 | bytes.length, ...bytes];
  return Buffer.concat([Buffer.from(head), body]);
};

export const sequence = (...items: readonly Uint8Array[]): Der => tag(0x30, ...items);
export const set = (...items: readonly Uint8Array[]): Der => tag(0x31, ...items);
export const octets = (content: Uint8Array): Der => tag(0x04, content);
export const utf8 = (text: string): Der => tag(0x0c, Buffer.from(text, "utf8"));
export const boolean = (value: boolean): Der => tag(0x01, Buffer.from([value ? 0xff : 0]));
export const bits = (content: Uint8Array, unused = 0): Der => tag(0x03, Buffer.from([unused]), content);
/** `[n]` around something else. */
export const explicit = (n: number, content: Uint8Array): Der => tag(0xa0 + n, content);
/** `[n]` in the place of a string's own tag. */
export const implicit = (n: number, content: Uint8Array): Der => tag(0x80 + n, content);

/** A positive integer: a leading zero byte where the first bit would read as a sign. */
export const integer = (content: Uint8Array): Der =>
  tag(0x02, (content[0] ?? 0) & 0x80 ? Buffer.from([0]) : Buffer.alloc(0), content);

export function oid(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const arcs = [first * 40 + second, ...rest].flatMap((arc) => {
    const bytes = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) bytes.unshift(0x80 | (left % 128));
    return bytes;
  });
  return tag(0x06, Buffer.from(arcs));
}

/** UTCTime to the year 2049, GeneralizedTime after (RFC 5280 §4.1.2.5). */
export function time(ms: number): Der {
  const digits = new Date(ms).toISOString().replace(/[-:T]/g, "").slice(0, 14);
  return Number(digits.slice(0, 4)) < 2050
    ? tag(0x17, Buffer.from(`${digits.slice(2)}Z`))
    : tag(0x18, Buffer.from(`${digits}Z`));
}

export const pem = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${(
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? []
  ).join("\n")}\n-----END ${label}-----\n`;
