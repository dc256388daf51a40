/**
 * Frames on the wire: `00 COBS(payload, CRC-16) 00`. A zero byte occurs nowhere but at the ends of a frame, so a reader that
 * was cut off or fed garbage is back in step at the next zero. Specified in docs/node-protocol.md.
 */

/** The most that a node may send in one frame, payload and CRC. */
export const FROM_NODE_MAX = 512;
/** The most that a node must be able to receive. */
export const TO_NODE_MAX = 64;

const CRC_BYTES = 2;

export function encodeFrame(payload: Uint8Array): Uint8Array {
  const body = new Uint8Array(payload.length + CRC_BYTES);
  body.set(payload);
  const crc = crc16(payload);
  body[payload.length] = crc & 0xff;
  body[payload.length + 1] = crc >> 8;
  return stuff(body);
}

/** What a stream has shown so far. `bytes` = all that came in, wherever it went. */
export interface FrameCounts {
  bytes: number;
  good: number;
  /** Frames with a wrong CRC or impossible stuffing. */
  damaged: number;
  /** Runs without a zero that no frame can be as long as. */
  overlong: number;
}

/** Takes bytes as they come, hands out the payloads of good frames. Never holds more than one frame; never throws. */
export class FrameReader {
  readonly counts: FrameCounts = { bytes: 0, good: 0, damaged: 0, overlong: 0 };
  readonly #held: Uint8Array;
  #length = 0;
  #overlong = false;

  constructor(longest: number = FROM_NODE_MAX) {
    this.#held = new Uint8Array(longest + Math.ceil(longest / 254));
  }

  /** The payloads that this piece completed, each a copy of its own. */
  read(piece: Uint8Array): Uint8Array[] {
    const payloads: Uint8Array[] = [];
    this.counts.bytes += piece.length;
    for (const byte of piece) {
      if (byte === 0) {
        const payload = this.#end();
        if (payload) payloads.push(payload);
      } else if (this.#length === this.#held.length) {
        this.#overlong = true;
      } else {
        this.#held[this.#length++] = byte;
      }
    }
    return payloads;
  }

  /** Forgets a frame begun, after the wire was cut. */
  reset(): void {
    this.#length = 0;
    this.#overlong = false;
  }

  #end(): Uint8Array | undefined {
    const stuffed = this.#held.subarray(0, this.#length);
    const overlong = this.#overlong;
    this.reset();
    if (overlong) {
      this.counts.overlong += 1;
      return undefined;
    }
    if (stuffed.length === 0) return undefined;
    const payload = unframe(stuffed);
    if (payload) this.counts.good += 1;
    else this.counts.damaged += 1;
    return payload;
  }
}

/** The payload of what stood between two zeros, or undefined where it is damaged. */
function unframe(stuffed: Uint8Array): Uint8Array | undefined {
  const body = unstuff(stuffed);
  if (!body || body.length <= CRC_BYTES) return undefined;
  const payload = body.subarray(0, -CRC_BYTES);
  const view = new DataView(body.buffer, body.byteOffset + payload.length, CRC_BYTES);
  return view.getUint16(0, true) === crc16(payload) ? payload : undefined;
}

/** CRC-16/IBM-3740 (also called CCITT-FALSE): polynomial 0x1021, start 0xffff, no reflection; check value 0x29b1. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) crc = ((crc << 8) & 0xffff) ^ (crcTable[(crc >> 8) ^ byte] ?? 0);
  return crc;
}

const crcTable = Uint16Array.from({ length: 256 }, (_, index) => {
  let crc = index << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  return crc;
});

/** Consistent overhead byte stuffing between two zeros. A full group at the end is not followed by an empty one. */
function stuff(body: Uint8Array): Uint8Array {
  const out = new Uint8Array(body.length + Math.floor(body.length / 254) + 3);
  let end = 1;
  for (let at = 0; at <= body.length; ) {
    const zero = body.indexOf(0, at);
    const run = Math.min((zero < 0 ? body.length : zero) - at, 254);
    out[end] = run + 1;
    out.set(body.subarray(at, at + run), end + 1);
    end += run + 1;
    at += run;
    if (run === 254 && at === body.length) break;
    // A group of less than 254 stands for its bytes and a zero behind them.
    if (run < 254) at += 1;
  }
  return out.subarray(0, end + 1);
}

function unstuff(stuffed: Uint8Array): Uint8Array | undefined {
  const out = new Uint8Array(stuffed.length);
  let end = 0;
  for (let at = 0; at < stuffed.length; ) {
    const code = stuffed[at] ?? 0;
    const next = at + code;
    if (next > stuffed.length) return undefined;
    out.set(stuffed.subarray(at + 1, next), end);
    end += code - 1;
    at = next;
    if (code !== 255 && at < stuffed.length) out[end++] = 0;
  }
  return out.subarray(0, end);
}
