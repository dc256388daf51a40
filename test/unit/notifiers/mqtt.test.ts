import { connectAsync } from "mqtt";
import { afterEach, expect, test } from "vitest";
import { ActionRefused } from "../../../gateway/core/alarm.ts";
import mqtt from "../../../gateway/notifiers/mqtt.ts";
import { describeWith } from "../../need.ts";
import { until } from "../../sim/peers/kit.ts";
import { startMosquitto } from "../../sim/peers/mosquitto.ts";
import { event, Hands, make, patient } from "./desk.ts";

const open: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

const TOPIC = "vigie/v1/nord/fraiseuse-3/$alarm/chaud";

describeWith(["mosquitto"], "alarms on MQTT", () => {
  const house = async () => {
    const broker = await startMosquitto();
    open.push(() => broker.stop());
    const alarms = new Hands();
    const notifier = make(mqtt, { url: `mqtt://127.0.0.1:${broker.port}` }, { alarms });
    open.push(() => notifier.close?.());
    const client = await connectAsync(`mqtt://127.0.0.1:${broker.port}`);
    open.push(() => client.endAsync());
    return { alarms, notifier, client, port: broker.port };
  };

  /** What a newcomer finds retained. */
  const retained = async (client: Awaited<ReturnType<typeof connectAsync>>) => {
    const found = new Map<string, string>();
    const take = (topic: string, payload: Buffer, packet: { retain: boolean }) => {
      if (packet.retain) found.set(topic, payload.toString());
    };
    client.on("message", take);
    await client.subscribeAsync("vigie/#", { qos: 1 });
    await client.publishAsync("vigie/done", "", { qos: 1 });
    client.off("message", take);
    await client.unsubscribeAsync("vigie/#");
    return found;
  };

  test("an alarm stands retained while it lasts and is gone when it is over", async () => {
    const { notifier, client } = await house();
    await notifier.notify?.(event(), patient());
    expect(JSON.parse((await retained(client)).get(TOPIC) ?? "null")).toMatchObject({
      id: "chaud",
      state: "unacked",
      value: 82,
    });
    await notifier.notify?.(event({ from: "unacked", to: "normal", annunciated: false }), patient());
    expect((await retained(client)).has(TOPIC)).toBe(false);
  });

  test("an acknowledgement on MQTT names who, and one without a name is MQTT's", async () => {
    const { alarms, notifier, client } = await house();
    await notifier.notify?.(event(), patient());
    await client.publishAsync(`${TOPIC}/ack`, JSON.stringify({ by: "Claire", comment: "vu" }), { qos: 1 });
    await client.publishAsync(`${TOPIC}/ack`, "", { qos: 1 });
    await until(() => alarms.acts.length === 2);
    expect(alarms.acts).toEqual([
      { id: "chaud", action: { kind: "ack", by: "Claire", comment: "vu" } },
      { id: "chaud", action: { kind: "ack", by: "MQTT" } },
    ]);
  });

  test("Home Assistant gets a problem sensor per machine, and the machine's sum; the heartbeat ticks", async () => {
    const { client, port } = await house();
    const machines = new Map([["fraiseuse-3", { id: "fraiseuse-3", name: { fr: "Fraiseuse 3", en: "Mill 3" } }]]);
    const notifier = make(mqtt, { url: `mqtt://127.0.0.1:${port}`, home_assistant: "homeassistant" }, { machines });
    open.push(() => notifier.close?.());
    const got = new Map<string, string>();
    client.on("message", (topic, payload) => got.set(topic, payload.toString()));
    await client.subscribeAsync(["homeassistant/#", "vigie/v1/nord/fraiseuse-3/$alarms", "vigie/v1/nord/$heartbeat"], {
      qos: 1,
    });
    const stop = new AbortController();
    const running = notifier.run?.(stop.signal);
    await notifier.notify?.(event(), patient());
    await until(() => got.size === 3);
    stop.abort();
    await running;
    const config = JSON.parse(got.get("homeassistant/binary_sensor/vigie_nord_fraiseuse-3_alarms/config") ?? "null");
    expect(config).toMatchObject({ device_class: "problem", state_topic: "vigie/v1/nord/fraiseuse-3/$alarms" });
    expect(JSON.parse(got.get("vigie/v1/nord/fraiseuse-3/$alarms") ?? "null")).toEqual({
      count: 1,
      worst: "high",
      alarms: ["chaud"],
    });
    expect(JSON.parse(got.get("vigie/v1/nord/$heartbeat") ?? "null").t).toBeGreaterThan(0);
  });

  test("rubbish on the acknowledge topic, and an alarm that needs none, stop nothing", async () => {
    const { alarms, notifier, client } = await house();
    await notifier.notify?.(event(), patient());
    for (const rubbish of ["{", '{"by":7}', '{"by":"x","more":1}', "x".repeat(10_000)])
      await client.publishAsync(`${TOPIC}/ack`, rubbish, { qos: 1 });
    alarms.refuse = new ActionRefused("not-now", "there is nothing to acknowledge");
    await client.publishAsync(`${TOPIC}/ack`, "", { qos: 1 });
    await notifier.notify?.(event(), patient());
    alarms.refuse = undefined;
    await client.publishAsync(`${TOPIC}/ack`, '{"by":"Bruno"}', { qos: 1 });
    await until(() => alarms.acts.length === 1);
    expect(alarms.acts[0]?.action.by).toBe("Bruno");
  });
});
