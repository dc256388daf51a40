import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { clock } from "../../../gateway/clock.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import { good, type Reading } from "../../../gateway/core/reading.ts";
import { openStore, type Store } from "../../../gateway/log/store.ts";

export type Figures = Record<string, number | string>;

export interface BenchOptions {
  seconds: number;
  days: number;
}

export const folder = () => mkdtempSync(join(tmpdir(), "vigie-bench-"));

export async function open(where: string): Promise<{ store: Store; meters: Meters }> {
  const meters = new Meters();
  const say = pino({ level: "silent" });
  return { store: await openStore({ folder: where, clock, meters, say, evidence: async () => "ntp" }), meters };
}

/** A round of `points` slowly changing measurements, as a Modbus meter gives them. */
export function round(points: number, n: number): Reading[] {
  return Array.from({ length: points }, (_, i) =>
    good(`machine-${i % 4}/signal_${i}`, clock.now(), Math.round((20 + i + 5 * Math.sin(n / 50 + i)) * 10) / 10),
  );
}

export const rounded = (value: number, digits = 2) => Math.round(value * 10 ** digits) / 10 ** digits;
