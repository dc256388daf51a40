import { type NumberType, type Order, type ValueType, wordsOf } from "./profile.ts";

/** Bytes of a reply to a number, without meaning yet. `at` is the byte where the value's first register starts. */
export type Raw = (bytes: Buffer, at: number) => number;

/** A reader for one type and order, made once per signal. 64-bit integers are exact up to 2^53. */
export function rawReader(type: NumberType, order: Order, bits?: readonly [low: number, high: number]): Raw {
  const plain = plainReaders[type];
  const width = 2 * wordsOf[type];
  const straight = order === "ABCD" || (width === 2 && order === "CDAB");
  const ordered: Raw = straight ? plain : (bytes, at) => plain(shuffle(bytes, at, width, order), 0);
  if (!bits) return ordered;
  const [low, high] = bits;
  const divisor = 2 ** low;
  const modulus = 2 ** (high - low + 1);
  return (bytes, at) => Math.floor(ordered(bytes, at) / divisor) % modulus;
}

/** The text of an `ascii` value, as people read it: cut at the first NUL, other unprintable bytes left out. */
export function rawText(bytes: Buffer, at: number, words: number, order: Order): string {
  const swapped = order === "BADC" || order === "DCBA";
  let text = "";
  for (let i = 0; i < 2 * words; i++) {
    const byte = bytes[at + (swapped ? i ^ 1 : i)] ?? 0;
    if (byte >= 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
  }
  return text.trim();
}

/** How many values a type can tell apart: where a counter of that type starts again at 0. */
export const spanOf = (type: ValueType): number | undefined =>
  (({ u8hi: 2 ** 8, u8lo: 2 ** 8, u16: 2 ** 16, u32: 2 ** 32, u64: 2 ** 64 }) as Partial<Record<ValueType, number>>)[
    type
  ];

/** A number into the bytes that a device with that type and order would send: the inverse of `rawReader`, for tests and simulated slaves. */
export function writeRaw(type: NumberType, order: Order, value: number, bytes: Buffer, at: number): void {
  const width = 2 * wordsOf[type];
  const straight = Buffer.alloc(8);
  plainWriters[type](straight, value);
  shuffle(straight, 0, width, order).copy(bytes, at, 0, width);
}

const plainReaders = {
  bit: (b, at) => (b.readUInt16BE(at) === 0 ? 0 : 1),
  u8hi: (b, at) => b.readUInt8(at),
  u8lo: (b, at) => b.readUInt8(at + 1),
  u16: (b, at) => b.readUInt16BE(at),
  s16: (b, at) => b.readInt16BE(at),
  f16: (b, at) => halfFloat(b.readUInt16BE(at)),
  u32: (b, at) => b.readUInt32BE(at),
  s32: (b, at) => b.readInt32BE(at),
  f32: (b, at) => b.readFloatBE(at),
  u64: (b, at) => b.readUInt32BE(at) * 2 ** 32 + b.readUInt32BE(at + 4),
  s64: (b, at) => b.readInt32BE(at) * 2 ** 32 + b.readUInt32BE(at + 4),
  f64: (b, at) => b.readDoubleBE(at),
} as const satisfies Record<NumberType, Raw>;

const plainWriters = {
  bit: (b, v) => b.writeUInt16BE(v === 0 ? 0 : 1),
  u8hi: (b, v) => b.writeUInt8(v, 0),
  u8lo: (b, v) => b.writeUInt8(v, 1),
  u16: (b, v) => b.writeUInt16BE(v),
  s16: (b, v) => b.writeInt16BE(v),
  f16: (b, v) => b.writeUInt16BE(halfBits(v)),
  u32: (b, v) => b.writeUInt32BE(v),
  s32: (b, v) => b.writeInt32BE(v),
  f32: (b, v) => b.writeFloatBE(v),
  u64: (b, v) => b.writeBigUInt64BE(BigInt(v)),
  s64: (b, v) => b.writeBigInt64BE(BigInt(v)),
  f64: (b, v) => b.writeDoubleBE(v),
} as const satisfies Record<NumberType, (bytes: Buffer, value: number) => void>;

const scratch = Buffer.alloc(8);

/** The value's bytes put into ABCD order. Its own inverse. The result lives until the next call. */
function shuffle(bytes: Buffer, at: number, width: number, order: Order): Buffer {
  const wordsTurned = order === "CDAB" || order === "DCBA";
  const bytesTurned = order === "BADC" || order === "DCBA";
  for (let i = 0; i < width; i++) {
    const word = wordsTurned ? width / 2 - 1 - (i >> 1) : i >> 1;
    scratch[i] = bytes[at + 2 * word + ((i & 1) ^ (bytesTurned ? 1 : 0))] ?? 0;
  }
  return scratch;
}

/** IEEE 754 binary16. */
function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function halfBits(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65_520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | Math.round(size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  return sign | ((((exponent + 15) << 10) + Math.round((size / 2 ** exponent - 1) * 1024)) & 0x7fff);
}
