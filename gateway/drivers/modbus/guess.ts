import { type NumberType, type Order, orders, wordsOf } from "./profile.ts";
import { rawReader } from "./raw.ts";

/** One way of reading some registers as a number. */
export interface Guess {
  /** Address of the value's first register. */
  readonly at: number;
  readonly type: NumberType;
  readonly order: Order;
  readonly value: number;
  /** The factor by which it comes closest to what is expected; 1 without expectation. */
  readonly scale: number;
  /** How far from the expected value, as a share of it; undefined without expectation. */
  readonly off: number | undefined;
}

const types: readonly NumberType[] = ["u16", "s16", "f16", "u32", "s32", "f32", "u64", "s64", "f64"];
/** Plain values first: of two that fit alike the simpler one is meant. */
const scales: readonly number[] = [1, 0.1, 0.01, 0.001, 10, 100, 1000, 0.0001];

/**
 * Every decoding of the registers read from `start`, beginning at any of them. With the value that stands on the device's own screen
 * the likely ones come first: closest value, then plainest scale, then the type and order that most devices use.
 */
export function guesses(bytes: Buffer, start: number, expected?: number): Guess[] {
  const found: Guess[] = [];
  for (let word = 0; word < bytes.length / 2; word++) {
    for (const type of types) {
      if (word + wordsOf[type] > bytes.length / 2) continue;
      for (const order of wordsOf[type] === 1 ? (["ABCD", "BADC"] as const) : orders) {
        const value = rawReader(type, order)(bytes, 2 * word);
        if (!Number.isFinite(value) || isSubnormal(type, value)) continue;
        found.push(scaled({ at: start + word, type, order, value, scale: 1, off: undefined }, expected));
      }
    }
  }
  return expected === undefined ? found : found.sort(likelier);
}

/** As far apart as a value may drift between the screen and the question. */
const NEAR = 0.02;

export const isLikely = (guess: Guess): boolean => guess.off !== undefined && guess.off <= NEAR;

function scaled(guess: Guess, expected: number | undefined): Guess {
  if (expected === undefined) return guess;
  const distance = (scale: number) => Math.abs(guess.value * scale - expected) / Math.max(Math.abs(expected), 1e-9);
  const scale = scales.reduce(
    (best, next) => (distance(next) < 0.8 * distance(best) ? next : best),
    scales[0] as number,
  );
  return { ...guess, scale, off: distance(scale) };
}

const rank = ({ type, order, scale }: Guess): number =>
  types.indexOf(type) + 3 * orders.indexOf(order) + 2 * scales.indexOf(scale) - (type === "f32" ? 4 : 0);

function likelier(a: Guess, b: Guess): number {
  const near = Number(isLikely(b)) - Number(isLikely(a));
  if (near !== 0) return near;
  return isLikely(a) ? rank(a) - rank(b) || (a.off ?? 0) - (b.off ?? 0) : (a.off ?? 0) - (b.off ?? 0);
}

const isSubnormal = (type: NumberType, value: number): boolean =>
  (type === "f32" || type === "f64") && value !== 0 && Math.abs(value) < 2 ** -126;
