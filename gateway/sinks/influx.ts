import { readFileSync } from "node:fs";
import { z } from "zod";
import { type Entry, type Lane, NotNow } from "../core/log.ts";
import type { PointId } from "../core/point.ts";
import type { Reading } from "../core/reading.ts";
import { SECOND } from "../core/time.ts";
import { defineSink } from "../plugin.ts";
import { influxHistory } from "./influx/history.ts";
import { lineOf, seriesOf } from "./influx/line.ts";
import { RollUps } from "./influx/rollups.ts";
import { type Refused, Sender } from "./influx/send.ts";

const options = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  token: z.string().min(1).describe("InfluxDB 1.8: `user:password`"),
  org: z.string().default("").describe("Only InfluxDB 2.x has organisations"),
  bucket: z.string().min(1).describe("InfluxDB 1.8: `database/retention-policy`"),
  rollups: z
    .string()
    .min(1)
    .optional()
    .describe("A second bucket for the gateway's own roll-ups of one minute: min, mean, max, count, bad"),
  /** A PEM file, for a server whose certificate the machine does not know. */
  ca: z.string().optional(),
  timeout: z.number().int().min(1).max(120).default(10).describe("Seconds until an answer is given up"),
  batch: z.number().int().min(1).max(50_000).default(5_000).describe("Lines per request"),
});

/** How long readings without a known time wait before we look again. */
const HOLD = 10 * SECOND;
/** Refused lines that are kept for a person to look at. */
const KEPT = 100;

/**
 * Writes every reading to InfluxDB 2.x (1.8 and 3.x take the same requests). A timestamp is identity there, so readings
 * whose time nobody knows yet stay in the log until somebody does.
 */
export default defineSink({
  options,
  create(given, { id, site, points, clock, meters, say, cells, history }) {
    const refused: Refused[] = [];
    const keep = (one: Refused) => {
      refused.push(one);
      if (refused.length > KEPT) refused.shift();
      void cells?.commit({ cells: [{ kind: "influx-refused", key: id, value: refused }], urgent: false });
    };
    const { url, token, org, bucket, timeout, ca } = given;
    const trust = ca ? { ca: readFileSync(ca, "utf8") } : {};
    const target = { url, token, org, bucket, timeout: timeout * SECOND, ...trust };
    const sender = new Sender({ name: id, target, most: given.batch, clock, say, meters, onRefused: keep });
    const series = new Map<PointId, string>();
    const seriesFor = (point: PointId) => {
      const known = series.get(point);
      if (known) return known;
      const made = seriesOf(site.id, point, points.get(point)?.signal.unit ?? "");
      series.set(point, made);
      return made;
    };
    const rollUps =
      given.rollups && history
        ? new RollUps({
            ...{ id, history, cells, clock, say, series: seriesFor },
            sender: new Sender({
              ...{ name: `${id}-rollups`, target: { ...target, bucket: given.rollups }, most: given.batch },
              ...{ clock, say, meters, onRefused: keep },
            }),
          })
        : undefined;
    /** What of a batch that was held up is on the server already. */
    const sent: Record<Lane, number> = { live: 0, backlog: 0 };
    return {
      name: id,
      history: influxHistory(site.id, target),
      batch: given.batch,
      from: "oldest",
      async apply(batch: readonly Entry<Reading>[], lane: Lane) {
        const held = batch.findIndex((entry) => entry.tq === "unsynced");
        const ready = held < 0 ? batch : batch.slice(0, held);
        const fresh = ready.filter((entry) => entry.seq > sent[lane]);
        const lines = fresh.map((entry) => lineOf(seriesFor(entry.item.point), entry));
        await sender.send(lines, (count) => {
          sent[lane] = fresh[count - 1]?.seq ?? sent[lane];
        });
        await rollUps?.follow(ready, points.values());
        sent[lane] = held < 0 ? 0 : (ready.at(-1)?.seq ?? sent[lane]);
        if (held >= 0) throw new NotNow("readings wait until the time is known", HOLD);
      },
    };
  },
});
