import type { AlarmEvent } from "../core/alarm.ts";
import type { Burst } from "../core/burst.ts";
import { faultCode } from "../core/fault.ts";
import type { Entry } from "../core/log.ts";
import type { PointId } from "../core/point.ts";
import { bad, type Reading } from "../core/reading.ts";
import { epochMs, steadyMs } from "../core/time.ts";
import { BATCH, HEADER, type Header, KIND, seal, unseal } from "./frame.ts";
import type { Names } from "./names.ts";

/** How the entries of one log become blobs and come back. `unpack` answers undefined for a damaged blob. */
export interface Codec<T> {
  pack(entries: readonly Entry<T>[], names: Names): Uint8Array<ArrayBuffer>;
  unpack(body: Uint8Array, first: number, names: Names): Entry<T>[] | undefined;
  /** The most entries in one blob. */
  readonly batch: number;
}

const WIDE = 1;
/** Top bit of a point number: its time came from a clock of its own (another gateway), ours being put right changes nothing. */
const FOREIGN = 0x8000;

/** Readings whose time is not ours. A mark on the object, because it is rare and must not cost the others a field. */
export const foreign = new WeakSet<Reading>();

/** Columns, because they are written and read ten times faster than objects. */
export const readingsCodec: Codec<Reading> = {
  batch: BATCH,
  pack(entries, names) {
    const first = entries[0];
    if (!first) throw new RangeError("nothing to pack");
    const count = entries.length;
    const t0 = first.item.t;
    const wide = entries.some((entry) => Math.abs(entry.item.t - t0) > 0x7fffffff);
    const columns = layout(new ArrayBuffer(size(count, wide)), count, wide);
    for (let i = 0; i < count; i++) {
      const entry = entries[i];
      if (!entry) continue;
      const item = entry.item;
      columns.t[i] = wide ? item.t : item.t - t0;
      columns.steady[i] = entry.steady - first.steady;
      const point = names.number("point", item.point);
      columns.point[i] = entry.tq === "unsynced" && foreign.has(item) ? point | FOREIGN : point;
      if (item.quality === "good") {
        columns.value[i] = item.value;
      } else {
        columns.value[i] = item.quality === "bad" ? Number.NaN : item.value;
        columns.state[i] = (item.quality === "bad" ? 2 : 1) | (names.number("fault", item.why) << 2);
      }
    }
    return seal(columns.body, { ...headerOf(first, KIND.readings, count), t: t0, flags: wide ? WIDE : 0 });
  },
  unpack(body, first, names) {
    const columns = readColumns(body, first);
    if (!columns) return undefined;
    const { header } = columns;
    const entries: Entry<Reading>[] = [];
    for (let i = 0; i < header.count; i++) {
      const item = readingAt(columns, i, names);
      if (!item) return undefined;
      if (header.tq === "unsynced" && ((columns.point[i] ?? 0) & FOREIGN) !== 0) foreign.add(item);
      entries.push(entryOf(header, first + i, columns.steady[i] ?? 0, item));
    }
    return entries;
  },
};

export interface Columns {
  body: Uint8Array<ArrayBuffer>;
  value: Float64Array;
  t: Float64Array | Int32Array;
  steady: Int32Array;
  point: Uint16Array;
  /** Quality in the lower two bits (good, uncertain, bad), fault above. */
  state: Uint8Array;
}

/** The columns of a sound blob, with `t` absolute through `header.t` unless wide. */
export function readColumns(body: Uint8Array, first: number): (Columns & { header: Header }) | undefined {
  const header = unseal(body, KIND.readings, first);
  if (!header) return undefined;
  const wide = (header.flags & WIDE) !== 0;
  if (body.byteLength !== size(header.count, wide)) return undefined;
  // Typed arrays want their alignment, which a slice of somebody else's buffer does not promise.
  const aligned = body.byteOffset % 8 === 0 && body.buffer instanceof ArrayBuffer ? body.buffer : body.slice().buffer;
  return { ...layout(aligned, header.count, wide, aligned === body.buffer ? body.byteOffset : 0), header };
}

export const pointNumber = (columns: Columns, i: number): number => (columns.point[i] ?? 0) & ~FOREIGN;

export const isForeign = (columns: Columns, i: number): boolean => ((columns.point[i] ?? 0) & FOREIGN) !== 0;

export function timeAt(columns: Columns & { header: Header }, i: number): number {
  const t = columns.t[i] ?? 0;
  return columns.header.flags & WIDE ? t : columns.header.t + t;
}

function readingAt(columns: Columns & { header: Header }, i: number, names: Names): Reading | undefined {
  const point = names.text("point", pointNumber(columns, i));
  if (point === undefined) return undefined;
  const t = epochMs(timeAt(columns, i));
  const state = columns.state[i] ?? 0;
  const value = columns.value[i] ?? Number.NaN;
  if (state === 0) return { point: point as PointId, t, quality: "good", value };
  const why = faultCode(names.text("fault", state >> 2) ?? "unknown");
  if ((state & 3) === 1) return { point: point as PointId, t, quality: "uncertain", value, why };
  return bad(point as PointId, t, why);
}

function size(count: number, wide: boolean): number {
  return HEADER + count * (8 + (wide ? 8 : 4) + 4 + 2 + 1);
}

function layout(buffer: ArrayBuffer, count: number, wide: boolean, at = 0): Columns {
  const value = new Float64Array(buffer, at + HEADER, count);
  const tAt = at + HEADER + 8 * count;
  const t = wide ? new Float64Array(buffer, tAt, count) : new Int32Array(buffer, tAt, count);
  const steady = new Int32Array(buffer, tAt + t.byteLength, count);
  const point = new Uint16Array(buffer, tAt + t.byteLength + 4 * count, count);
  const state = new Uint8Array(buffer, tAt + t.byteLength + 6 * count, count);
  return { body: new Uint8Array(buffer, at, size(count, wide)), value, t, steady, point, state };
}

function headerOf(first: Entry<unknown>, kind: number, count: number): Header {
  return { kind, first: first.seq, t: 0, steady: first.steady, boot: first.boot, count, tq: first.tq, flags: 0 };
}

function entryOf<T>(header: Header, seq: number, steady: number, item: T): Entry<T> {
  return { seq, boot: header.boot, steady: steadyMs(header.steady + steady), tq: header.tq, item };
}

/** Alarm events are rare and rich: JSON, one array per blob. */
export const noticesCodec: Codec<AlarmEvent> = {
  batch: 100,
  pack(entries) {
    const first = entries[0];
    if (!first) throw new RangeError("nothing to pack");
    const text = Buffer.from(JSON.stringify(entries.map((entry) => [entry.steady - first.steady, entry.item])));
    const body = new Uint8Array(HEADER + text.length);
    body.set(text, HEADER);
    return seal(body, { ...headerOf(first, KIND.notices, entries.length), t: first.item.t });
  },
  unpack(body, first) {
    const header = unseal(body, KIND.notices, first);
    if (!header) return undefined;
    const rows = JSON.parse(Buffer.from(body.subarray(HEADER)).toString()) as [number, AlarmEvent][];
    return rows.map(([steady, item], i) => entryOf(header, first + i, steady, item));
  },
};

/** One burst per blob: a short JSON head, then the samples as they are (noise does not compress). */
export const burstsCodec: Codec<Burst> = {
  batch: 1,
  pack(entries) {
    const first = entries[0];
    if (!first) throw new RangeError("nothing to pack");
    const { samples, ...about } = first.item;
    const head = Buffer.from(JSON.stringify(about));
    const body = new Uint8Array(HEADER + 4 + head.length + samples.byteLength);
    new DataView(body.buffer).setUint32(HEADER, head.length, true);
    body.set(head, HEADER + 4);
    body.set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), HEADER + 4 + head.length);
    return seal(body, { ...headerOf(first, KIND.bursts, 1), t: first.item.t });
  },
  unpack(body, first) {
    const header = unseal(body, KIND.bursts, first);
    if (!header) return undefined;
    const length = new DataView(body.buffer, body.byteOffset).getUint32(HEADER, true);
    const head = JSON.parse(Buffer.from(body.subarray(HEADER + 4, HEADER + 4 + length)).toString()) as Omit<
      Burst,
      "samples"
    >;
    const samples = new Float32Array(body.slice(HEADER + 4 + length).buffer);
    return [entryOf(header, first, 0, { ...head, samples })];
  },
};
