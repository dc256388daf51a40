import type { Entry } from "../../core/log.ts";
import { machineOf, type PointId, signalOf } from "../../core/point.ts";
import { numberOf, type Reading, whyOf } from "../../core/reading.ts";
import type { Unit } from "../../core/unit.ts";

/** The measurement and the tags of every line; they never change, because in InfluxDB they are what a series is. */
export const MEASUREMENT = "reading";
export const ROLL_UPS = "reading_1m";

const escaped = (text: string) => text.replace(/[,= \\]/g, "\\$&");

/** `reading,machine=…,signal=…,site=…,unit=…` of a point. */
export function seriesOf(site: string, point: PointId, unit: Unit): string {
  const tags = { machine: machineOf(point), signal: signalOf(point), site, unit };
  const written = Object.entries(tags).filter(([, value]) => value !== "");
  return `${MEASUREMENT},${written.map(([name, value]) => `${name}=${escaped(value)}`).join(",")}`;
}

/**
 * One reading as a line. Nanoseconds exist only here: the digits below a millisecond carry the boot number, so that two
 * readings of different boots never overwrite each other, whatever the clock did, and the same reading sent twice does.
 */
export function lineOf(series: string, entry: Entry<Reading>): string {
  const { item } = entry;
  const value = numberOf(item);
  // Of a boot that ended without anybody knowing the time, the readings are there, but nobody should trust their place.
  const vague = entry.tq === "bounded" && item.quality === "good";
  const quality = vague ? "uncertain" : item.quality;
  const why = whyOf(item) ?? (vague ? "clock" : undefined);
  const fields = `${value === null ? "" : `value=${value},`}quality="${quality}"${why ? `,why="${why}"` : ""}`;
  return `${series} ${fields} ${nanoseconds(item.t, entry.boot)}`;
}

const nanoseconds = (t: number, boot: number) => `${Math.round(t)}${String(boot % 1_000_000).padStart(6, "0")}`;
