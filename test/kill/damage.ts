import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { numberOf } from "../../gateway/core/reading.ts";
import { openForReading } from "../../gateway/log/database.ts";
import { keyOf, unpackChunk } from "../../gateway/log/history/chunk.ts";
import { Names } from "../../gateway/log/names.ts";
import { readingsCodec } from "../../gateway/log/pack.ts";
import { namesOf } from "../../gateway/log/rows.ts";
import { Writing } from "../../gateway/log/writing.ts";

/** Copies of a file with one bit flipped each, at places that a seed decides. */
export function* flipsSeeded(
  file: Uint8Array,
  count: number,
  seed: number,
): Iterable<{ file: Uint8Array; at: number }> {
  let state = seed;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const at = Math.floor((state / 2 ** 32) * file.length);
    const flipped = Uint8Array.from(file);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (state & 7));
    yield { file: flipped, at };
  }
}

export interface Numbers {
  missing: number;
  /** A value at a point that it does not belong to. */
  wrong: number;
  recovered: boolean;
}

/**
 * Opens a store as a start would, and looks for the numbers 0 … count − 1, each at point `m/s(n mod 5 or what it was
 * appended with)`, in the log and in the history together.
 */
export function checkNumbers(file: string, count: number, script?: readonly string[]): Numbers {
  const writing = new Writing(file, script);
  const { remarks } = writing.open();
  writing.close({});
  const db = openForReading(file);
  const seen = new Uint8Array(count);
  let wrong = 0;
  const see = (point: string | undefined, value: number | null) => {
    if (point === undefined) return;
    if (value === null || !Number.isInteger(value) || value < 0 || value >= count || point !== `m/s${value % 5}`)
      wrong++;
    else seen[value] = 1;
  };
  const names = new Names(namesOf(db));
  for (const row of db.prepare("SELECT first, body FROM readings").all()) {
    const entries =
      row.body instanceof Uint8Array ? readingsCodec.unpack(row.body, Number(row.first), names) : undefined;
    for (const { item } of entries ?? []) see(item.point, numberOf(item));
  }
  for (const { id } of db.prepare("SELECT id FROM segment").all())
    for (let point = 0; point < 5; point++) {
      const key = keyOf(Number(id), point);
      const body = db.prepare("SELECT body FROM chunk WHERE id = ?").get(key)?.body;
      const samples = body instanceof Uint8Array ? unpackChunk(key, body) : undefined;
      for (const value of samples?.value ?? []) see(names.text("point", point), value);
    }
  db.close();
  rmSync(`${dirname(file)}/damaged`, { recursive: true, force: true });
  return {
    missing: seen.filter((times) => times === 0).length,
    wrong,
    recovered: remarks.some((remark) => remark.includes("damaged")),
  };
}
