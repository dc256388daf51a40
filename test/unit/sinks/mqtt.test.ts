import { afterEach, expect, test } from "vitest";
import { clock } from "../../../gateway/clock.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import type { PointId } from "../../../gateway/core/point.ts";
import { epochMs } from "../../../gateway/core/time.ts";
import { type Broker, openBroker } from "../../../gateway/mqtt/broker.ts";
import { brokerSettings } from "../../../gateway/mqtt/settings.ts";
import type { Sink } from "../../../gateway/plugin.ts";
import mqttSink from "../../../gateway/sinks/mqtt.ts";
import { describeWith } from "../../need.ts";
import { entry, MemoryCells, point, quiet, reading, until } from "../../sim/peers/kit.ts";
import { type Mosquitto, startMosquitto, subscribe } from "../../sim/peers/mosquitto.ts";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const site = { id: "nord", name: "Nord", timezone: "Europe/Paris", language: "fr" as const };
const points = new Map(["tour-2/temp", "tour-2/oil", "scie-1/temp"].map((id) => [id, point(id as PointId)]));

const makeSink = (options: object, broker?: Broker): Sink => {
  const sink = mqttSink.create(mqttSink.options.parse(options), {
    id: "mqtt",
    site,
    clock,
    meters: new Meters(),
    say: quiet,
    machines: new Map([["tour-2", { id: "tour-2", name: { fr: "Tour", en: "Lathe" } }]]),
    points,
    broker: broker?.inside,
  });
  open.push({ close: () => sink.close?.() });
  return sink;
};

const embedded = async () => {
  const settings = brokerSettings.parse({ port: 0, open: true });
  const broker = await openBroker({
    settings,
    site,
    cells: new MemoryCells(),
    clock,
    meters: new Meters(),
    say: quiet,
  });
  open.push(broker);
  return broker;
};

const mosquitto = async (): Promise<Mosquitto> => {
  const broker = await startMosquitto();
  open.push({ close: () => broker.stop() });
  return broker;
};

const listen = (port: number, filter: string) => {
  const listener = subscribe(port, filter);
  open.push({ close: () => listener.stop() });
  return listener;
};

test("home assistant and one message per scan do not go together, and the place is named", () => {
  const result = mqttSink.options.safeParse({ per: "scan", home_assistant: "homeassistant" });
  expect(result.error?.issues[0]?.path).toEqual(["home_assistant"]);
});

describeWith(["mosquitto", "mosquitto_sub"], "the mqtt sink", () => {
  test("a stranger on the embedded broker sees a value, its quality and the last one retained", async () => {
    const broker = await embedded();
    const sink = makeSink({}, broker);
    const early = listen(broker.port, "vigie/v1/nord/tour-2/#");
    const bad = {
      point: "tour-2/oil" as const,
      t: epochMs(1_700_000_000_500),
      quality: "bad" as const,
      why: "timeout" as const,
    };
    await sink.apply([entry(1, reading("tour-2/temp", 41.5)), entry(2, bad)], "live");
    const late = listen(broker.port, "vigie/v1/nord/tour-2/#");
    await until(() => late.lines.length === 2);
    expect(late.lines.map((l) => [l.topic, l.retained, JSON.parse(l.payload)])).toEqual([
      [
        "vigie/v1/nord/tour-2/temp",
        true,
        { t: 1_700_000_000_000, v: 41.5, u: "Cel", q: "good", tq: "synced", b: 1, s: 1 },
      ],
      [
        "vigie/v1/nord/tour-2/oil",
        true,
        { t: 1_700_000_000_500, v: null, u: "Cel", q: "bad", why: "timeout", tq: "synced", b: 1, s: 2 },
      ],
    ]);
    await until(() => early.lines.length >= 2);
  });

  test("what is published late is not retained", async () => {
    const broker = await mosquitto();
    const sink = makeSink({ url: broker.url });
    await sink.apply([entry(9, reading("tour-2/temp", 41.5))], "live");
    await sink.apply([entry(3, reading("tour-2/temp", 20))], "backlog");
    const late = listen(broker.port, "vigie/v1/nord/tour-2/temp");
    await until(() => late.lines.length === 1);
    expect(JSON.parse(late.lines[0]?.payload ?? "")).toMatchObject({ v: 41.5, s: 9 });
  });

  test("with qos 0 the broker acknowledges nothing, and a plant box may not wait for a listener", async () => {
    const broker = await mosquitto();
    const sink = makeSink({ url: broker.url, qos: 0 });
    const listener = listen(broker.port, "vigie/v1/nord/tour-2/temp");
    await until(async () => {
      await sink.apply([entry(9, reading("tour-2/temp", 41.5))], "live");
      return listener.lines.some(({ qos, retained }) => qos === 0 && !retained);
    });
    const waiting = { url: broker.url, version: "5", qos: 0, wait_for_listener: true };
    expect(mqttSink.options.safeParse(waiting).error?.issues[0]?.path).toEqual(["wait_for_listener"]);
  });

  test("one message per machine and scan holds all its readings, each with its own sequence", async () => {
    const broker = await mosquitto();
    const sink = makeSink({ url: broker.url, per: "scan" });
    const t = 1_700_000_000_000;
    const batch = [
      entry(1, reading("tour-2/temp", 1, t)),
      entry(2, reading("scie-1/temp", 2, t)),
      entry(3, reading("tour-2/oil", 3, t + 20)),
      entry(4, reading("tour-2/temp", 4, t + 1_000)),
    ];
    const listener = listen(broker.port, "vigie/v1/nord/+/$scan");
    await until(async () => {
      await sink.apply(batch, "live");
      return listener.lines.length >= 3;
    });
    const told = listener.lines.slice(-3).map((l) => [l.topic, JSON.parse(l.payload)]);
    expect(told[0]?.[1]).toEqual({
      t,
      tq: "synced",
      b: 1,
      r: { temp: { t, v: 1, u: "Cel", q: "good", s: 1 }, oil: { t: t + 20, v: 3, u: "Cel", q: "good", s: 3 } },
    });
    expect(told.map(([topic]) => topic)).toEqual(["tour-2", "scie-1", "tour-2"].map((m) => `vigie/v1/nord/${m}/$scan`));
  });

  test("while the broker is down the batch is refused, so it comes again; nothing is sent twice meanwhile", async () => {
    const broker = await mosquitto();
    const sink = makeSink({ url: broker.url });
    await sink.apply([entry(1, reading("tour-2/temp", 1))], "live");
    await broker.kill();
    await until(() =>
      sink.apply([entry(2, reading("tour-2/temp", 2))], "live").then(
        () => false,
        () => true,
      ),
    );
    await broker.start();
    const listener = listen(broker.port, "vigie/v1/nord/tour-2/temp");
    await until(
      () =>
        sink.apply([entry(2, reading("tour-2/temp", 2))], "live").then(
          () => true,
          () => false,
        ),
      10_000,
    );
    await until(() => listener.lines.length > 0);
    expect(new Set(listener.lines.map((l) => JSON.parse(l.payload).s))).toEqual(new Set([2]));
  }, 20_000);

  test("what nobody listens to counts as not delivered, where a plant box is to have it", async () => {
    const broker = await mosquitto();
    const sink = makeSink({ url: broker.url, version: "5", wait_for_listener: true });
    const apply = () =>
      sink.apply([entry(1, reading("tour-2/temp", 1))], "backlog").then(
        () => "delivered",
        (error: Error) => error.message,
      );
    expect(await apply()).toMatch(/nobody listens/);
    const listener = listen(broker.port, "vigie/v1/nord/#");
    await until(async () => (await apply()) === "delivered");
    await until(() => listener.lines.length > 0);
    // One listener for some of it is enough: nobody has to want everything.
    listener.stop();
    await until(async () => (await apply()) !== "delivered");
    listen(broker.port, "vigie/v1/nord/scie-1/#");
    const both = [entry(2, reading("tour-2/temp", 1)), entry(3, reading("scie-1/temp", 1))];
    await until(() =>
      sink.apply(both, "live").then(
        () => true,
        () => false,
      ),
    );
  });

  test("Home Assistant finds every point, and a bad one is unavailable, not zero", async () => {
    const broker = await mosquitto();
    const sink = makeSink({ url: broker.url, home_assistant: "homeassistant" });
    await sink.apply([entry(1, reading("tour-2/temp", 1))], "live");
    const listener = listen(broker.port, "homeassistant/#");
    await until(() => listener.lines.length === 3);
    const config = JSON.parse(listener.lines.find((l) => l.topic.includes("tour-2_temp"))?.payload ?? "");
    expect(config).toMatchObject({
      unique_id: "nord_tour-2_temp",
      state_topic: "vigie/v1/nord/tour-2/temp",
      unit_of_measurement: "°C",
      device_class: "temperature",
      availability_mode: "all",
      device: { name: "Tour" },
    });
    expect(config.availability[0].value_template).toContain("value_json.v is not none");
  });
});
