import mqttLibrary from "mqtt";
import { afterEach, describe, expect, test } from "vitest";
import { clock } from "../../../../gateway/clock.ts";
import type { Batch, Driver } from "../../../../gateway/core/driver.ts";
import { Meters } from "../../../../gateway/core/meter.ts";
import type { PointId } from "../../../../gateway/core/point.ts";
import type { Reading } from "../../../../gateway/core/reading.ts";
import { epochMs } from "../../../../gateway/core/time.ts";
import mqttDriver from "../../../../gateway/drivers/mqtt.ts";
import mqttSink from "../../../../gateway/sinks/mqtt.ts";
import { describeWith } from "../../../need.ts";
import { entry, MemoryCells, point, quiet, until } from "../../../sim/peers/kit.ts";
import { type Mosquitto, startMosquitto } from "../../../sim/peers/mosquitto.ts";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const base = (id: string, meters = new Meters()) => ({
  id,
  site: { id: "usine", name: "Usine", timezone: "Europe/Paris", language: "fr" as const },
  clock,
  meters,
  say: quiet,
  machines: new Map(["tour-2", "four"].map((m) => [m, { id: m, name: { fr: m, en: m } }])),
  cells: new MemoryCells(),
  profile: () => undefined,
  broker: undefined,
});

const make = (options: object, meters?: Meters): Driver =>
  mqttDriver.create(mqttDriver.options.parse(options), base("atelier", meters));

/** Runs a driver; `saved` says whether its batches reach the disk. */
function run(driver: Driver, saved = true) {
  const stop = new AbortController();
  const readings: Reading[] = [];
  const batches: Batch[] = [];
  const done = (async () => {
    for await (const batch of driver.run(stop.signal)) {
      batches.push(batch);
      readings.push(...batch.readings);
      if (saved) batch.saved?.();
    }
  })();
  const end = () => {
    stop.abort();
    return done;
  };
  open.push({ close: end });
  return {
    readings,
    batches,
    of: (id: string) => readings.filter((r) => r.point === id),
    stop: end,
  };
}

const mosquitto = async (): Promise<Mosquitto> => {
  const broker = await startMosquitto();
  open.push({ close: () => broker.stop() });
  return broker;
};

const speaker = async (url: string) => {
  const client = await mqttLibrary.connectAsync(url);
  open.push({ close: () => client.endAsync(true) });
  return (topic: string, payload: string, retain = false) => client.publishAsync(topic, payload, { qos: 1, retain });
};

describe("a wrong entry is refused with its place", () => {
  const look = (devices: object[]) => {
    const options = mqttDriver.options.parse({ url: "mqtt://127.0.0.1:1", devices });
    return mqttDriver
      .examine?.(options, base("atelier"))
      .problems.map(({ path, message }) => `${path.join(".")}: ${message.en}`);
  };

  test("no machine, an unknown one, a point fed twice, a device twice", () => {
    expect(look([{ id: "a", topic: "x", signals: { p: {} } }])).toEqual([
      "devices.0.signals.p: say which machine: `machine:` at the device, or `as: machine/signal` here",
    ]);
    expect(look([{ id: "a", topic: "x", machine: "scie", signals: { p: {} } }])).toEqual([
      'devices.0.signals.p: there is no machine "scie"',
    ]);
    const d = { id: "a", topic: "x", machine: "four", signals: { p: {} } };
    expect(look([d, d])).toEqual(["devices.1.id: the id a is there twice", "devices.1.signals.p: four/p is fed twice"]);
  });

  test("neither site nor pattern nor topic", () => {
    expect(mqttDriver.options.safeParse({ devices: [{ id: "a", signals: { p: {} } }] }).success).toBe(false);
  });
});

describeWith(["mosquitto"], "the mqtt driver", () => {
  test.each([
    ["tasmota", "tele/prise/SENSOR", '{"Time":"x","ENERGY":{"Power":231}}', { path: "ENERGY.Power", unit: "W" }],
    ["shelly", "prise/status/switch:0", '{"id":0,"apower":231.0}', { topic: "switch:0", path: "apower" }],
    ["shelly1", "shellies/prise/relay/0/power", "231", { topic: "relay/0/power" }],
    ["esphome", "prise/sensor/power/state", "231", { topic: "sensor/power" }],
    ["zigbee2mqtt", "zigbee2mqtt/prise", '{"power":231,"linkquality":90}', { path: "power" }],
  ])("%s is read by its pattern", async (pattern, topic, payload, signal) => {
    const broker = await mosquitto();
    const driver = make({
      url: broker.url,
      devices: [{ id: "prise", pattern, machine: "four", signals: { power: signal } }],
    });
    const running = run(driver);
    const say = await speaker(broker.url);
    await until(async () => {
      await say(topic, payload);
      return running.readings.length > 0;
    });
    expect(running.readings[0]).toMatchObject({ point: "four/power", quality: "good", value: 231 });
    expect(driver.devices?.()[0]).toMatchObject({ id: "prise", state: "ok" });
  });

  test("a device that says it goes is bad at once; one that only goes quiet after three times its pace", async () => {
    const broker = await mosquitto();
    const device = { id: "prise", pattern: "tasmota", machine: "four", every: "1s", signals: { power: { path: "P" } } };
    const running = run(make({ url: broker.url, devices: [device] }));
    const say = await speaker(broker.url);
    await until(async () => {
      await say("tele/prise/SENSOR", '{"P":1}');
      return running.readings.length > 0;
    });
    await say("tele/prise/LWT", "Offline", true);
    await until(() => running.readings.some((r) => r.quality === "bad"), 1_000);
    expect(running.readings.find((r) => r.quality === "bad")).toMatchObject({ why: "timeout" });
    await say("tele/prise/LWT", "Online", true);
    await say("tele/prise/SENSOR", '{"P":2}');
    const from = performance.now();
    await until(() => running.readings.some((r) => r.quality === "bad" && r.why === "stale"));
    expect(performance.now() - from).toBeGreaterThan(2_500);
  });

  test("a payload that is no number is bad, a message without the field is no news, a retained one is uncertain", async () => {
    const broker = await mosquitto();
    const say = await speaker(broker.url);
    await say("x/y", '{"v":7}', true);
    const meters = new Meters();
    const device = { id: "d", topic: "x/y", machine: "four", signals: { v: { path: "v", range: [0, 100], scale: 2 } } };
    const running = run(make({ url: broker.url, devices: [device] }, meters));
    await until(() => running.readings.length === 1);
    expect(running.readings[0]).toMatchObject({ quality: "uncertain", value: 14, why: "stale" });
    for (const payload of ['{"w":1}', '{"v":"abc"}', '{"v":99}', "\u0000\u0001", '{"v":1}']) await say("x/y", payload);
    await until(() => running.readings.length === 4);
    expect(running.readings.slice(1).map((r) => (r.quality === "bad" ? r.why : r.value))).toEqual([
      "garbled",
      "out_of_range",
      2,
    ]);
    expect(meters.sum("mqtt_refused_total", { reason: "shape" })).toBe(2);
    expect(meters.sum("readings_scheduled_total")).toBe(running.readings.length);
  });

  test.each([
    "reading",
    "scan",
  ])("another gateway is read as it reads itself (per %s): value, quality, cause and time", async (per) => {
    const broker = await mosquitto();
    const sink = mqttSink.create(mqttSink.options.parse({ url: broker.url, per }), {
      ...base("mqtt"),
      site: { ...base("x").site, id: "nord" },
      points: new Map(["tour-2/temp", "tour-2/oil"].map((id) => [id, point(id as PointId)])),
    });
    open.push({ close: () => sink.close?.() });
    const signals = { "tour-2/temp": { unit: "Cel", as: "tour-2/coolant" }, "tour-2/oil": { unit: "bar" } };
    const running = run(make({ url: broker.url, devices: [{ id: "nord", site: "nord", every: "30s", signals }] }));
    const t = epochMs(Date.now() - 4_000);
    const batch = [
      entry(1, { point: "tour-2/temp", t, quality: "good", value: 41.5 }),
      entry(2, { point: "tour-2/oil", t, quality: "bad", why: "crc" }),
    ];
    await until(async () => {
      await sink.apply(batch, "live");
      return running.readings.length >= 2;
    });
    await sink.apply(batch, "live");
    await sink.apply([entry(3, { point: "tour-2/temp", t: epochMs(t + 1_000), quality: "good", value: 42 })], "live");
    await until(() => running.readings.some((r) => r.quality === "good" && r.value === 42));
    expect(running.readings).toEqual([
      { point: "tour-2/coolant", t, quality: "good", value: 41.5 },
      { point: "tour-2/oil", t, quality: "bad", why: "crc" },
      { point: "tour-2/coolant", t: t + 1_000, quality: "good", value: 42 },
    ]);
    const first = running.batches[0];
    expect(clock.monotonic() - (first?.monotonic?.[0] ?? 0)).toBeGreaterThanOrEqual(3_900);
    await sink.close?.();
    await until(() => running.readings.some((r) => r.quality === "bad" && r.why === "gateway_off"));
  });

  test("what is not on disk here is not acknowledged: after a restart it comes again, once", async () => {
    const broker = await mosquitto();
    const options = {
      url: broker.url,
      devices: [{ id: "d", topic: "x/y", machine: "four", every: "60s", signals: { v: { path: "v" } } }],
    };
    const broken = run(make(options), false);
    const say = await speaker(broker.url);
    await until(async () => {
      await say("x/y", '{"v":1}');
      return broken.readings.length > 0;
    });
    await broken.stop();
    await say("x/y", '{"v":2}');
    const healthy = run(make(options));
    await until(() => healthy.readings.some((r) => r.quality === "good" && r.value === 2));
    expect(healthy.of("four/v").filter((r) => r.quality === "good" && r.value === 1).length).toBe(
      broken.readings.length,
    );
    expect(healthy.of("four/v").filter((r) => r.quality === "good" && r.value === 2).length).toBe(1);
  });

  test("while the broker is away every point is bad at its pace, and good again after", async () => {
    const broker = await mosquitto();
    const device = { id: "d", topic: "x/y", machine: "four", every: "1s", signals: { v: { path: "v" } } };
    const running = run(make({ url: broker.url, devices: [device] }));
    const hear = async (value: number) => {
      const say = await speaker(broker.url);
      await until(async () => {
        await say("x/y", `{"v":${value}}`);
        return running.readings.some((r) => r.quality === "good" && r.value === value);
      }, 15_000);
    };
    await hear(1);
    await broker.kill();
    await until(() => running.readings.filter((r) => r.quality === "bad" && r.why === "connection").length >= 2, 8_000);
    await broker.start();
    await hear(2);
  }, 40_000);
});
