import { z } from "zod";
import type { Entry, Lane } from "../core/log.ts";
import { machineOf, type PointId } from "../core/point.ts";
import type { Reading } from "../core/reading.ts";
import { reason } from "../core/text.ts";
import { Spelling, topics } from "../core/topics.ts";
import type { Unit } from "../core/unit.ts";
import { connectMqtt } from "../mqtt/connection.ts";
import { linkOptions } from "../mqtt/settings.ts";
import type { Outgoing, Qos } from "../mqtt/window.ts";
import { defineSink, type SinkContext } from "../plugin.ts";
import { discovery } from "./mqtt/discovery.ts";
import { scanCutter } from "./mqtt/scans.ts";

const options = z.strictObject({
  ...linkOptions,
  /** `reading`: one message each, retained. `scan`: one per machine and round of readings: a tenth of the traffic. */
  per: z.enum(["reading", "scan"]).default("reading"),
  /** 0: handed to the network and forgotten; quicker, and what is under way when a connection breaks is lost. */
  qos: z.union([z.literal(0), z.literal(1)]).default(1),
  /** For a plant box at the other end: what nobody has subscribed to counts as not delivered, and comes again. */
  wait_for_listener: z.boolean().default(false),
  /** Announces every point to Home Assistant under this prefix (usually `homeassistant`). Needs `per: reading`. */
  home_assistant: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/)
    .optional(),
});

/**
 * Publishes every reading, with QoS 1 unless told otherwise, to a broker of the site or to the embedded one. The newest value is retained; what
 * is published late (after an outage) is not, so that an old value never takes the place of a new one.
 */
export default defineSink({
  options: options
    .refine((o) => !o.home_assistant || o.per === "reading", {
      path: ["home_assistant"],
      message: reason({ fr: "demande `per: reading`", en: "needs `per: reading`" }),
    })
    .refine((o) => !o.wait_for_listener || (o.version === "5" && o.url && o.qos === 1), {
      path: ["wait_for_listener"],
      message: reason({
        fr: 'demande `url`, `version: "5"` et `qos: 1` : sans eux on ne sait pas si quelqu\'écoute',
        en: 'needs a `url`, `version: "5"` and `qos: 1`: only those tell whether somebody listens',
      }),
    }),
  create(given, context) {
    const { id, site, points } = context;
    const mqtt = connectMqtt({
      name: id,
      link: given,
      broker: context.broker,
      clientId: `vigie-${site.id}-sink-${id}`,
      clock: context.clock,
      say: context.say,
      meters: context.meters,
      presence: topics.state(site.id),
      needsListener: given.wait_for_listener,
      onConnect: () => announce(),
    });
    const announce = () => {
      if (!given.home_assistant) return;
      // Lost with its connection, said again by the next one.
      mqtt.publish(discovery(given.home_assistant, site, context.machines, points.values())).catch(() => undefined);
    };
    const message = given.per === "scan" ? perScan(context, given.qos) : perReading(context, given.qos);
    return {
      name: id,
      apply: (batch, lane) => mqtt.publish(message(batch, lane)),
      close: () => mqtt.close(),
    };
  },
});

type Messages = (batch: readonly Entry<Reading>[], lane: Lane) => Outgoing[];

function perReading({ site, points }: SinkContext, qos: Qos): Messages {
  const spelling = new Spelling(unitIn(points));
  const topicOf = new Map<PointId, string>();
  const topic = (point: PointId) => {
    const known = topicOf.get(point) ?? topics.reading(site.id, point);
    topicOf.set(point, known);
    return known;
  };
  return (batch, lane) =>
    batch.map((entry) => ({
      topic: topic(entry.item.point),
      payload: spelling.reading(entry),
      retain: lane === "live",
      qos,
    }));
}

function perScan({ site, points }: SinkContext, qos: Qos): Messages {
  const spelling = new Spelling(unitIn(points));
  const scans = scanCutter();
  return (batch, lane) =>
    scans(batch).map((scan) => ({
      topic: topics.scan(site.id, machineOf(scan[0].item.point)),
      payload: spelling.scan(scan),
      retain: lane === "live",
      qos,
    }));
}

const unitIn =
  (points: SinkContext["points"]) =>
  (point: PointId): Unit =>
    points.get(point)?.signal.unit ?? "1";
