import { z } from "zod";
import { ActionRefused, type AlarmEvent, type Alarms } from "../core/alarm.ts";
import type { Text } from "../core/text.ts";
import { type Ms, SECOND } from "../core/time.ts";
import { parseAckTopic, topics } from "../core/topics.ts";
import { connectMqtt } from "../mqtt/connection.ts";
import { linkOptions } from "../mqtt/settings.ts";
import { defineNotifier, type NotifierContext } from "../plugin.ts";

const options = z.strictObject({
  ...linkOptions,
  /** Announces a problem sensor per machine to Home Assistant under this prefix (usually `homeassistant`). */
  home_assistant: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/)
    .optional(),
});

/** Whoever hears nothing for three of these knows that nobody watches. */
const HEARTBEAT_EVERY: Ms = 10 * SECOND;

const ackBody = z.strictObject({
  by: z.string().min(1).max(80).default("MQTT"),
  comment: z.string().max(500).optional(),
});

/**
 * Keeps every alarm as a retained JSON message on `vigie/v1/<site>/<machine>/$alarm/<id>`; one that is normal again
 * leaves. `…/<machine>/$alarms` sums a machine up, `…/$heartbeat` ticks while the gateway lives. Acknowledges on `…/ack`, with `{ "by": "Claire", "comment": "…" }` or nothing; who may publish there is the broker's
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
      onConnect: () => {
        // Lost with its connection, said again by the next one.
        mqtt.publish(announcements(given.home_assistant, context)).catch(() => undefined);
      },
    });
    mqtt.subscribe(topics.ackFilter(site.id), (topic, payload, retained) =>
      retained ? undefined : acknowledge(context, topic, payload),
    );
    return {
      name: id,
      async notify(event: AlarmEvent, signal: AbortSignal) {
        await mqtt.publish([retainedMessage(site.id, event), summary(context, event.alarm.machine)], signal);
      },
      async run(signal: AbortSignal) {
        while (!signal.aborted) {
          const beat = { topic: topics.heartbeat(site.id), payload: JSON.stringify({ t: context.clock.now() }) };
          // A beat that is lost is the message.
          await mqtt.publish([beat], AbortSignal.timeout(HEARTBEAT_EVERY)).catch(() => undefined);
          await context.clock.sleep(HEARTBEAT_EVERY, signal).catch(() => undefined);
        }
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

/** How a machine stands: how many alarms, and the worst. */
function summary({ site, alarms }: NotifierContext, machine: string) {
  const own = alarms.list().filter((alarm) => alarm.machine === machine && alarm.active && alarm.level === "alert");
  const worst = (["high", "medium", "low"] as const).find((priority) => own.some((a) => a.priority === priority));
  const payload = JSON.stringify({ count: own.length, worst: worst ?? null, alarms: own.map(({ id }) => id) });
  return { topic: topics.alarms(site.id, machine), payload, retain: true };
}

/** Home Assistant makes a problem sensor of each machine. */
function announcements(prefix: string | undefined, context: NotifierContext) {
  if (!prefix) return [];
  const { site, machines } = context;
  return [...machines.values()].flatMap((machine) => {
    const id = `vigie_${site.id}_${machine.id}_alarms`;
    const config = {
      name: { fr: "Alarme", en: "Alarm" }[site.language],
      unique_id: id,
      device_class: "problem",
      state_topic: topics.alarms(site.id, machine.id),
      value_template: "{{ 'ON' if value_json.count > 0 else 'OFF' }}",
      json_attributes_topic: topics.alarms(site.id, machine.id),
      device: { identifiers: [`vigie_${site.id}_${machine.id}`], name: machine.name[site.language] },
    };
    return [
      { topic: `${prefix}/binary_sensor/${id}/config`, payload: JSON.stringify(config), retain: true },
      summary(context, machine.id),
    ];
  });
}

const noName: Text = { fr: 'il faut {"by": "un nom"} en JSON', en: 'expected {"by": "a name"} as JSON' };

async function acknowledge({ id, site, say, alarms }: NotifierContext, topic: string, payload: Buffer): Promise<void> {
  const place = parseAckTopic(site.id, topic);
  if (!place) return;
  const body = parsed(payload);
  if (!body) return void say.warn(`${id}: ${topic}: ${noName[site.language]}`);
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
