import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";

/**
 * A blob of equal columns: checksum, kind, its own key, then the columns, each with its bytes regrouped by significance
 * (all first bytes, all second bytes, …) and deflated together. Slowly changing numbers shrink to a tenth that way.
 */
const HEAD = 32;

export type Column = Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

export function packColumns(
  kind: number,
  key: number,
  count: number,
  note: number,
  columns: readonly Column[],
): Uint8Array {
  const plain = new Uint8Array(columns.reduce((sum, column) => sum + column.byteLength, 0));
  let at = 0;
  for (const column of columns) {
    regroup(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), column.BYTES_PER_ELEMENT, plain, at);
    at += column.byteLength;
  }
  const packed = deflateRawSync(plain, { level: 4, ...fitting(plain.length) });
  const body = new Uint8Array(HEAD + packed.length);
  const view = new DataView(body.buffer);
  view.setUint32(4, kind, true);
  view.setFloat64(8, key, true);
  view.setUint32(16, count, true);
  view.setUint32(20, plain.length, true);
  view.setFloat64(24, note, true);
  body.set(packed, HEAD);
  view.setUint32(0, crc32(body.subarray(4)), true);
  return body;
}

/** The least that zlib takes for a buffer. */
const SMALLEST = 64;

/**
 * As much window and buffer as so many bytes can use. Each call has its own, and by itself zlib takes 270 kB and Node 16 kB more
 * until the next collection: a thousand small chunks in a row are 16 MB.
 */
function fitting(length: number): { windowBits: number; memLevel: number; chunkSize: number } {
  const windowBits = Math.min(15, Math.max(9, Math.ceil(Math.log2(length + 1))));
  return { windowBits, memLevel: windowBits - 7, chunkSize: Math.max(SMALLEST, length) };
}

export interface Packed {
  count: number;
  note: number;
  /** Takes the columns out one by one, in the order they went in. */
  take<C extends Column>(make: new (buffer: ArrayBuffer) => C, size: number): C;
}

/** Undefined for a damaged blob, or one that lies under a key that is not its own. */
export function unpackColumns(kind: number, key: number, body: Uint8Array): Packed | undefined {
  if (body.byteLength < HEAD) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  if (view.getUint32(0, true) !== crc32(body.subarray(4))) return undefined;
  if (view.getUint32(4, true) !== kind || view.getFloat64(8, true) !== key) return undefined;
  const count = view.getUint32(16, true);
  const length = view.getUint32(20, true);
  const plain = inflateRawSync(body.subarray(HEAD), {
    maxOutputLength: Math.max(1, length),
    chunkSize: Math.max(SMALLEST, length),
  });
  let at = 0;
  return {
    count,
    note: view.getFloat64(24, true),
    take: (make, size) => {
      const bytes = new Uint8Array(count * size);
      ungroup(plain.subarray(at, at + bytes.length), size, bytes);
      at += bytes.length;
      return new make(bytes.buffer);
    },
  };
}

function regroup(from: Uint8Array, size: number, to: Uint8Array, at: number): void {
  const count = from.length / size;
  for (let b = 0; b < size; b++)
    for (let i = 0, k = at + b * count; i < count; i++) to[k + i] = from[i * size + b] ?? 0;
}

function ungroup(from: Uint8Array, size: number, to: Uint8Array): void {
  const count = from.length / size;
  for (let b = 0; b < size; b++) for (let i = 0, k = b * count; i < count; i++) to[i * size + b] = from[k + i] ?? 0;
}
