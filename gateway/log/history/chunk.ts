import { packColumns, unpackColumns } from "./columns.ts";

/** The readings of one point in one segment, oldest first. Bad ones have no value; `state` as in a packed reading. */
export interface Samples {
  t: Float64Array;
  value: Float64Array;
  state: Uint8Array;
}

const KIND = 0x31434756;
/** Two readings more than 49 days apart, which a clock of somebody else can bring about. */
const KIND_WIDE = 0x31574756;

/** Points per segment, and the room that their number takes in a key. */
export const POINTS = 65_536;

export const keyOf = (upper: number, point: number): number => upper * POINTS + point;

export function packChunk(key: number, samples: Samples): Uint8Array {
  const { t, value, state } = samples;
  const count = t.length;
  const gaps = new Float64Array(count);
  let widest = 0;
  for (let i = 1; i < count; i++) {
    const gap = (t[i] ?? 0) - (t[i - 1] ?? 0);
    gaps[i] = gap;
    if (gap > widest) widest = gap;
  }
  const wide = widest > 0xffffffff;
  return packColumns(wide ? KIND_WIDE : KIND, key, count, t[0] ?? 0, [
    wide ? gaps : Uint32Array.from(gaps),
    value,
    state,
  ]);
}

export function unpackChunk(key: number, body: Uint8Array): Samples | undefined {
  const narrow = unpackColumns(KIND, key, body);
  const packed = narrow ?? unpackColumns(KIND_WIDE, key, body);
  if (!packed) return undefined;
  const gaps = narrow ? packed.take(Uint32Array, 4) : packed.take(Float64Array, 8);
  const t = new Float64Array(packed.count);
  let now = packed.note;
  for (let i = 0; i < t.length; i++) {
    now += gaps[i] ?? 0;
    t[i] = now;
  }
  return { t, value: packed.take(Float64Array, 8), state: packed.take(Uint8Array, 1) };
}

/** Readings of one point while they are gathered. */
export class Gathering {
  readonly #t: number[] = [];
  readonly #value: number[] = [];
  readonly #state: number[] = [];
  #sorted = true;

  get count(): number {
    return this.#t.length;
  }

  add(t: number, value: number, state: number): void {
    const last = this.#t.at(-1);
    if (last !== undefined && t < last) this.#sorted = false;
    this.#t.push(t);
    this.#value.push(value);
    this.#state.push(state);
  }

  /** Adds those with from ≤ t + shift < to. */
  addAll(samples: Samples, shift: number, from: number, to: number): void {
    for (let i = 0; i < samples.t.length; i++) {
      const t = (samples.t[i] ?? 0) + shift;
      if (t >= from && t < to) this.add(t, samples.value[i] ?? Number.NaN, samples.state[i] ?? 0);
    }
  }

  /** Oldest first; of equal times the one that was stored first comes first. */
  samples(): Samples {
    if (this.#sorted)
      return {
        t: Float64Array.from(this.#t),
        value: Float64Array.from(this.#value),
        state: Uint8Array.from(this.#state),
      };
    const order = Uint32Array.from(this.#t.keys()).sort((a, b) => (this.#t[a] ?? 0) - (this.#t[b] ?? 0) || a - b);
    const pick = (column: number[]) => Array.from(order, (i) => column[i] ?? 0);
    return {
      t: Float64Array.from(pick(this.#t)),
      value: Float64Array.from(pick(this.#value)),
      state: Uint8Array.from(pick(this.#state)),
    };
  }
}
