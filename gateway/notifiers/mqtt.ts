import { z } from "zod";
import { ActionRefused, type AlarmEvent, type Alarms } from "../core/alarm.ts";
import { parseAckTopic, topics } from "../core/topics.ts";
import { connectMqtt } from "../mqtt/connection.ts";
import { linkOptions } from "../mqtt/settings.ts";
import { defineNotifier, type NotifierContext } from "../plugin.ts";

const options = z.strictObject({ ...linkOptions });

const ackBody = z.strictObject({
  by: z.string().min(1).max(80).default("MQTT"),
  comment: z.string().max(500).optional(),
});

/**
 * Keeps every alarm as a retained JSON message on `vigie/v1/<site>/<machine>/$alarm/<id>`; one that is normal again
 * leaves. Acknowledges on `…/ack`, with `{ "by": "Claire", "comment": "…" }` or nothing; who may publish there is the broker's
 * business (the embedded one lets only named clients).
 */
export default defineNotifier({
  options,
  create(given, context) {
    const { id, site } = context;
    const mqtt = connectMqtt({
      name: id,
      link: given,
      broker: context.broker,
      clientId: `vigie-${site.id}-${id}`,
      clock: context.clock,
      say: context.say,
      meters: context.meters,
    });
    mqtt.subscribe(topics.ackFilter(site.id), (topic, payload, retained) =>
      retained ? undefined : acknowledge(context, topic, payload),
    );
    return {
      name: id,
      async notify(event: AlarmEvent, signal: AbortSignal) {
        await mqtt.publish([retainedMessage(site.id, event)], signal);
      },
      close: () => mqtt.close(),
    };
  },
});

function retainedMessage(site: string, { alarm, to, by, reason, test, annunciated, t }: AlarmEvent) {
  const topic = topics.alarm(site, alarm.machine, alarm.id);
  if (test) return { topic, payload: JSON.stringify({ ...alarm, t, by, reason, test, annunciated }), retain: false };
  return {
    topic,
    payload: to === "normal" ? "" : JSON.stringify({ ...alarm, t, by, reason, annunciated }),
    retain: true,
  };
}

async function acknowledge({ id, site, say, alarms }: NotifierContext, topic: string, payload: Buffer): Promise<void> {
  const place = parseAckTopic(site.id, topic);
  if (!place) return;
  const body = parsed(payload);
  if (!body) return void say.warn(`${id}: ${topic}: expected {"by": "a name"} as JSON`);
  try {
    await act(alarms, place.alarm, body);
  } catch (error) {
    if (!(error instanceof ActionRefused)) throw error;
    say.warn(`${id}: ${topic}: ${error.message}`);
  }
}

const act = (alarms: Alarms, alarm: string, { by, comment }: z.output<typeof ackBody>) =>
  alarms.act(alarm, { kind: "ack", by, ...(comment !== undefined && { comment }) });

function parsed(payload: Buffer): z.output<typeof ackBody> | undefined {
  try {
    return ackBody.safeParse(payload.length === 0 ? {} : JSON.parse(payload.toString("utf8"))).data;
  } catch {
    return undefined;
  }
}
