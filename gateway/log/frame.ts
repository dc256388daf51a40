import { crc32 } from "node:zlib";
import type { TimeQuality } from "../core/time.ts";

/**
 * What every blob on disk starts with: a checksum over all that follows it, and its own key, so that a blob under the wrong
 * key is as wrong as a flipped bit. Little-endian, like both machines that we run on.
 *
 *   0 u32 CRC-32 of the rest   4 u32 kind   8 f64 first seq   16 f64 t of the first   24 f64 steady of the first
 *  32 u32 boot   36 u16 entries   38 u8 time quality   39 u8 flags
 */
export const HEADER = 40;

export const KIND = { readings: 0x31524756, notices: 0x314e4756, bursts: 0x31424756 } as const;

/** More would make the loss from one flipped bit larger than promised. */
export const BATCH = 1_000;

export const timeQualities = ["synced", "holdover", "unsynced", "bounded"] as const satisfies readonly TimeQuality[];

export interface Header {
  kind: number;
  first: number;
  t: number;
  steady: number;
  boot: number;
  count: number;
  tq: TimeQuality;
  flags: number;
}

/** Writes the header and, last of all, the checksum: call it when the rest of the blob is there. */
export function seal(body: Uint8Array<ArrayBuffer>, header: Header): Uint8Array<ArrayBuffer> {
  const view = new DataView(body.buffer);
  view.setUint32(4, header.kind, true);
  view.setFloat64(8, header.first, true);
  view.setFloat64(16, header.t, true);
  view.setFloat64(24, header.steady, true);
  view.setUint32(32, header.boot, true);
  view.setUint16(36, header.count, true);
  view.setUint8(38, timeQualities.indexOf(header.tq));
  view.setUint8(39, header.flags);
  view.setUint32(0, crc32(body.subarray(4)), true);
  return body;
}

/** The header of a sound blob stored under `first`, or undefined for a damaged or misplaced one. */
export function unseal(body: Uint8Array, kind: number, first: number): Header | undefined {
  if (body.byteLength < HEADER) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  if (view.getUint32(0, true) !== crc32(body.subarray(4))) return undefined;
  const header = readHeader(view);
  return header.kind === kind && header.first === first ? header : undefined;
}

export function readHeader(view: DataView): Header {
  return {
    kind: view.getUint32(4, true),
    first: view.getFloat64(8, true),
    t: view.getFloat64(16, true),
    steady: view.getFloat64(24, true),
    boot: view.getUint32(32, true),
    count: view.getUint16(36, true),
    tq: timeQualities[view.getUint8(38)] ?? "unsynced",
    flags: view.getUint8(39),
  };
}
