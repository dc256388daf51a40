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

/** Flags of a packed batch: how wide its columns are. */
const WIDE = 1;
const NARROW = 2;
/** Values are whole numbers times a power of ten, whose (negative) exponent stands in the two bits above. */
const SCALED = 4;
const EXPONENT_AT = 3;
const SCALES = [1, 10, 100, 1_000];

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
    const [t0, flags] = [first.item.t, flagsFor(entries)];
    const columns = layout(new ArrayBuffer(size(count, flags)), count, flags);
    const scale = SCALES[flags >> EXPONENT_AT] ?? 1;
    for (let i = 0; i < count; i++) {
      const entry = entries[i];
      if (!entry) continue;
      const item = entry.item;
      columns.t[i] = flags & WIDE ? item.t : item.t - t0;
      columns.steady[i] = entry.steady - first.steady;
      const point = names.number("point", item.point);
      columns.point[i] = entry.tq === "unsynced" && foreign.has(item) ? point | FOREIGN : point;
      const value = item.quality === "bad" ? Number.NaN : item.value;
      columns.value[i] = flags & SCALED ? Math.round(value * scale) : value;
      if (item.quality !== "good")
        columns.state[i] = (item.quality === "bad" ? 2 : 1) | (names.number("fault", item.why) << 2);
    }
    return seal(columns.body, { ...headerOf(first, KIND.readings, count), t: t0, flags });
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

/**
 * The narrowest columns that hold these readings exactly: a round of measurements with a few decimals, taken within a
 * minute, takes 11 bytes a reading instead of 19, and every byte is written to a card that wears.
 */
function flagsFor(entries: readonly Entry<Reading>[]): number {
  const t0 = entries[0]?.item.t ?? 0;
  const steady0 = entries[0]?.steady ?? 0;
  let narrow = true;
  let wide = false;
  let exponent = 0;
  for (const { item, steady } of entries) {
    const t = item.t - t0;
    const s = steady - steady0;
    if (t < 0 || t > 0xffff || s < 0 || s > 0xffff) narrow = false;
    if (t < -0x80000000 || t > 0x7fffffff) wide = true;
    if (item.quality !== "bad") while (exponent < SCALES.length && !fits(item.value, SCALES[exponent] ?? 1)) exponent++;
  }
  const scaled = allFit(entries, SCALES[exponent]) ? SCALED | (exponent << EXPONENT_AT) : 0;
  return (wide ? WIDE : narrow ? NARROW : 0) | scaled;
}

/** A value that fits as it is may be too large once the scale of another one is applied to it. */
function allFit(entries: readonly Entry<Reading>[], scale: number | undefined): boolean {
  if (scale === undefined) return false;
  for (const { item } of entries) if (item.quality !== "bad" && !fits(item.value, scale)) return false;
  return true;
}

/** Whether a value comes back bit by bit from a whole number divided by the scale. */
function fits(value: number, scale: number): boolean {
  const whole = Math.round(value * scale);
  return whole >= -0x80000000 && whole <= 0x7fffffff && whole / scale === value && !Object.is(value, -0);
}

export interface Columns {
  body: Uint8Array<ArrayBuffer>;
  value: Float64Array | Int32Array;
  t: Float64Array | Int32Array | Uint16Array;
  steady: Int32Array | Uint16Array;
  point: Uint16Array;
  /** Quality in the lower two bits (good, uncertain, bad), fault above. */
  state: Uint8Array;
}

/** The columns of a sound blob; read them through the functions below. */
export function readColumns(body: Uint8Array, first: number): (Columns & { header: Header }) | undefined {
  const header = unseal(body, KIND.readings, first);
  if (!header) return undefined;
  if (body.byteLength !== size(header.count, header.flags)) return undefined;
  // Typed arrays want their alignment, which a slice of somebody else's buffer does not promise.
  const aligned = body.byteOffset % 8 === 0 && body.buffer instanceof ArrayBuffer ? body.buffer : body.slice().buffer;
  return { ...layout(aligned, header.count, header.flags, aligned === body.buffer ? body.byteOffset : 0), header };
}

/** The value of a reading that has one; a bad one has none, whatever stands there. */
export function valueAt(columns: Columns & { header: Header }, i: number): number {
  if (((columns.state[i] ?? 0) & 3) === 2) return Number.NaN;
  const value = columns.value[i] ?? Number.NaN;
  const { flags } = columns.header;
  return flags & SCALED ? value / (SCALES[flags >> EXPONENT_AT] ?? 1) : value;
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
  const value = valueAt(columns, i);
  if (state === 0) return { point: point as PointId, t, quality: "good", value };
  const why = faultCode(names.text("fault", state >> 2) ?? "unknown");
  if ((state & 3) === 1) return { point: point as PointId, t, quality: "uncertain", value, why };
  return bad(point as PointId, t, why);
}

function widths(flags: number): { value: 4 | 8; t: 2 | 4 | 8; steady: 2 | 4 } {
  return {
    value: flags & SCALED ? 4 : 8,
    t: flags & WIDE ? 8 : flags & NARROW ? 2 : 4,
    steady: flags & NARROW ? 2 : 4,
  };
}

function size(count: number, flags: number): number {
  const { value, t, steady } = widths(flags);
  return HEADER + count * (value + t + steady + 2 + 1);
}

/** Widest columns first, so that every one begins where its type may begin. */
function layout(buffer: ArrayBuffer, count: number, flags: number, at = 0): Columns {
  const width = widths(flags);
  let next = at + HEADER;
  const place = (bytes: number): [ArrayBuffer, number, number] => {
    const start = next;
    next += bytes * count;
    return [buffer, start, count];
  };
  const eights = flags & WIDE ? { t: new Float64Array(...place(8)) } : undefined;
  const value = width.value === 8 ? new Float64Array(...place(8)) : new Int32Array(...place(4));
  const fours = !eights && width.t === 4 ? new Int32Array(...place(4)) : undefined;
  const steady = width.steady === 4 ? new Int32Array(...place(4)) : new Uint16Array(...place(2));
  const t = eights?.t ?? fours ?? new Uint16Array(...place(2));
  const point = new Uint16Array(...place(2));
  const state = new Uint8Array(...place(1));
  return { body: new Uint8Array(buffer, at, size(count, flags)), value, t, steady, point, state };
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
