import type { Batch, Driver } from "../core/driver.ts";
import { machineOf } from "../core/point.ts";
import type { Text } from "../core/text.ts";
import { connectMqtt, type MqttConnection } from "../mqtt/connection.ts";
import { matches } from "../mqtt/filter.ts";
import { type DriverContext, defineDriver, type Problem } from "../plugin.ts";
import { fedTwice, idTwice, noSuchMachine, whichMachine } from "./lib/problems.ts";
import { MqttDevice } from "./mqtt/device.ts";
import { Inbox } from "./mqtt/inbox.ts";
import { type MqttDriverOptions, mqttDriverOptions } from "./mqtt/options.ts";

/**
 * Reads what others publish: other gateways of this kind, and Tasmota, Shelly, ESPHome, Zigbee2MQTT or any device with a
 * topic. A message is acknowledged when its readings are on disk here, so a broker with a persistent session loses none;
 * what a gateway repeats (same boot and sequence) is dropped. It lies when a device sends an old value as if it were new.
 */
export default defineDriver<MqttDriverOptions>({
  options: mqttDriverOptions,
  examine: (options, context) => ({ problems: problemsOf(options, context) }),
  create: (options, context) => createMqttDriver(options, context),
});

/** How often silence is looked for, and the longest a message waits for company. */
const LOOK_EVERY = 250;

function createMqttDriver(options: MqttDriverOptions, context: DriverContext): Driver {
  const { id, clock, site, meters, say } = context;
  const devices = options.devices.map((device) => new MqttDevice(device, id));
  const scheduled = meters.counter("readings_scheduled_total", "Readings planned", { driver: id });
  const refused = (reason: string) =>
    meters.counter("mqtt_refused_total", "Messages that gave no reading", { driver: id, reason });

  async function* run(signal: AbortSignal): AsyncGenerator<Batch> {
    const inbox = new Inbox(clock);
    const mqtt = connectMqtt({
      ...{ name: id, link: options, broker: context.broker, clock, say, meters },
      clientId: `vigie-${site.id}-driver-${id}`,
      session: true,
    });
    const take = (topic: string, payload: Buffer, retained: boolean) => {
      const meant = devices.filter(({ filters }) => filters.some((filter) => matches(filter, topic)));
      const heard = meant.map((device) => device.hear(topic, payload, retained, clock.now(), clock.monotonic()));
      for (const { refused: reason } of heard) if (reason) refused(reason).value += 1;
      return Promise.all(heard.map(({ readings, age }) => inbox.put(readings, age))).then(() => undefined);
    };
    for (const filter of new Set(devices.flatMap(({ filters }) => filters))) mqtt.subscribe(filter, take);
    try {
      for await (const batch of batches(inbox, mqtt, signal)) {
        scheduled.value += batch.readings.length;
        yield batch;
      }
    } finally {
      await mqtt.close();
    }
  }

  async function* batches(inbox: Inbox, mqtt: MqttConnection, signal: AbortSignal): AsyncGenerator<Batch> {
    while (!signal.aborted) {
      await inbox.wait(LOOK_EVERY, signal);
      const batch = inbox.take();
      if (batch) yield batch;
      const quiet = devices.flatMap((device) => device.silence(clock.now(), clock.monotonic(), mqtt.connected));
      if (quiet.length > 0) yield { readings: quiet };
    }
  }

  return {
    points: devices.flatMap(({ points }) => points),
    run,
    devices: () => devices.map((device) => device.status(clock.monotonic())),
  };
}

const asOverThere: Text = {
  fr: "donnez son nom de là-bas : machine/signal",
  en: "name it as over there: machine/signal",
};

function problemsOf({ devices }: MqttDriverOptions, { machines }: DriverContext): Problem[] {
  const problems: Problem[] = [];
  const ids = new Set<string>();
  const fed = new Set<string>();
  devices.forEach((options, i) => {
    if (ids.has(options.id)) problems.push({ path: ["devices", i, "id"], message: idTwice(options.id) });
    ids.add(options.id);
    const keys = Object.keys(options.signals);
    new MqttDevice(options, "").points.forEach(({ id }, j) => {
      const path = ["devices", i, "signals", keys[j] ?? ""];
      if (machineOf(id) === "") problems.push({ path, message: whichMachine });
      else if (!machines.has(machineOf(id))) problems.push({ path, message: noSuchMachine(machineOf(id)) });
      if (fed.has(id)) problems.push({ path, message: fedTwice(id) });
      fed.add(id);
      if (options.site && machineOf(id) !== "" && !(keys[j] ?? "").includes("/") && !options.machine)
        problems.push({ path, message: asOverThere });
    });
  });
  return problems;
}
