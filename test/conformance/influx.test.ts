import pino from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Historian } from "../../gateway/core/history.ts";
import type { Entry } from "../../gateway/core/log.ts";
import { Meters } from "../../gateway/core/meter.ts";
import { good, type Reading } from "../../gateway/core/reading.ts";
import { epochMs, MINUTE, steadyMs } from "../../gateway/core/time.ts";
import { follow } from "../../gateway/log/follow.ts";
import type { Sink } from "../../gateway/plugin.ts";
import influx from "../../gateway/sinks/influx.ts";
import { describeWith } from "../need.ts";
import { VirtualClock } from "../sim/clock.ts";
import { type RealServer, startInflux1, startVictoriaMetrics } from "../sim/influx-servers.ts";
import { openTestStore, running } from "../sim/store.ts";
import { energies, historianSuite, NOON, temperatures } from "./historian.ts";

function sinkTo(url: string, options: Record<string, unknown> = {}, site = "atelier"): Sink {
  return influx.create(influx.options.parse({ url, token: "user:secret", bucket: "vigie", ...options }), {
    id: "influx",
    site: { id: site, name: "Atelier", timezone: "Europe/Paris", language: "fr" },
    clock: new VirtualClock(),
    meters: new Meters(),
    say: pino({ level: "silent" }),
    machines: new Map(),
    points: new Map(),
    broker: undefined,
  });
}

const entries = (items: readonly Reading[]): Entry<Reading>[] =>
  items.map((item, i) => ({ seq: i + 1, boot: 3, steady: steadyMs(i), tq: "synced", item }));

async function deliver(sink: Sink, items: readonly Reading[]): Promise<void> {
  const all = entries(items);
  for (let i = 0; i < all.length; i += 5_000) await sink.apply(all.slice(i, i + 5_000), "live");
}

describeWith(["influxd"], "InfluxDB 1.6, a real engine", () => {
  let server: RealServer;
  let history: Historian;
  beforeAll(async () => {
    server = await startInflux1("vigie");
    const sink = sinkTo(server.url);
    await deliver(sink, [...temperatures, ...energies]);
    if (sink.history) history = sink.history;
  });
  afterAll(() => server.stop());

  historianSuite("read back in InfluxQL", async () => history);

  test("sent twice, a reading is there once", async () => {
    const sink = sinkTo(server.url, {}, "twice");
    await deliver(sink, temperatures);
    await deliver(sink, temperatures);
    expect(await count(server.url, "twice")).toBe(temperatures.length);
  });

  test("a line of another type than before is set aside with the engine's own words, the rest is stored", async () => {
    await write(server.url, 'reading,machine=tour-2,signal=odd,site=clash value="text" 1');
    const kept: unknown[] = [];
    const sink = influx.create(influx.options.parse({ url: server.url, token: "a:b", bucket: "vigie" }), {
      id: "influx",
      site: { id: "clash", name: "", timezone: "UTC", language: "fr" },
      clock: new VirtualClock(),
      meters: new Meters(),
      say: pino({ level: "silent" }),
      machines: new Map(),
      points: new Map(),
      broker: undefined,
      cells: { load: async () => new Map(), commit: async (change) => void kept.push(...(change.cells ?? [])) },
    });
    // The clash is per shard, so the odd one must lie in the same week as the text.
    await deliver(sink, [good("tour-2/odd", epochMs(1), 5), ...temperatures]);
    expect(await count(server.url, "clash")).toBe(temperatures.length);
    expect(JSON.stringify(kept)).toContain("field type conflict");
  });
});

describeWith(["victoria-metrics"], "victoria-metrics takes the same writes", () => {
  let server: RealServer;
  beforeAll(async () => {
    server = await startVictoriaMetrics();
  });
  afterAll(() => server.stop());

  test("ten minutes offline at 20 readings a second: all of it arrives, once, and what is new arrives first", async () => {
    const t = await openTestStore({ clock: new VirtualClock({ wall: Date.now() - 60 * MINUTE }) });
    let online = false;
    let fresh = 0;
    const sink = sinkTo(server.url, { batch: 1_000 }, "offline");
    const lag: number[] = [];
    const ending = new AbortController();
    const follower = {
      ...sink,
      apply: async (batch: readonly Entry<Reading>[], lane: "live" | "backlog") => {
        if (!online) throw new Error("offline");
        await sink.apply(batch, lane);
        if (lane !== "live") return;
        fresh = batch.at(-1)?.seq ?? fresh;
        lag.push(t.clock.now() - (batch.at(-1)?.item.t ?? 0));
      },
    };
    const { store, clock, meters } = t;
    const done = follow(store.readings, follower, {
      cells: store.cells,
      clock,
      meters,
      say: pino({ level: "silent" }),
      signal: ending.signal,
    });
    let sent = 0;
    const second = async () => {
      const readings = Array.from({ length: 20 }, (_, i) => good(`m/s${i}`, clock.now(), sent++));
      let saved = 0;
      void store.readings.append(readings).then((seq) => {
        saved = seq;
      });
      await clock.advance(1_000);
      // Disk and server are real and need real time; virtual time waits for them.
      await expect.poll(() => saved, { interval: 1 }).toBeGreaterThan(0);
      if (fresh > 0) await expect.poll(() => fresh, { interval: 1 }).toBeGreaterThanOrEqual(saved);
    };
    for (let i = 0; i < 600; i++) await second();
    online = true;
    for (let i = 0; i < 65 || meters.sum("follower_delivered_total") < sent - 40; i++) {
      expect(i).toBeLessThan(600);
      await second();
    }
    ending.abort();
    await running(clock, done);
    expect(meters.sum("follower_delivered_total")).toBe(sent);
    // The first is the newest of what had waited; from then on nothing that is new is late.
    expect(Math.max(...lag.slice(1))).toBeLessThanOrEqual(2_000);
    const values = await exported(server.url, "offline");
    expect(values.length).toBe(sent);
    expect(new Set(values).size).toBe(sent);
  });
});

async function count(url: string, site: string): Promise<number> {
  const q = `SELECT count(quality) FROM reading WHERE site = '${site}' AND time > 1000`;
  const answer = (await (await fetch(`${url}/query?${new URLSearchParams({ db: "vigie", q })}`)).json()) as {
    results: { series?: { values: [string, number][] }[] }[];
  };
  return answer.results[0]?.series?.[0]?.values[0]?.[1] ?? 0;
}

async function write(url: string, line: string): Promise<void> {
  const response = await fetch(`${url}/api/v2/write?bucket=vigie&precision=ns`, { method: "POST", body: line });
  expect(response.status).toBe(204);
}

/** All values that the server holds of a site, from its own export. */
async function exported(url: string, site: string): Promise<number[]> {
  await fetch(`${url}/internal/force_flush`);
  const match = `{__name__="reading_value",site="${site}"}`;
  const text = await (
    await fetch(`${url}/api/v1/export?${new URLSearchParams({ "match[]": match, start: String(NOON / 1_000) })}`)
  ).text();
  return text
    .split("\n")
    .filter(Boolean)
    .flatMap((line) => (JSON.parse(line) as { values: number[] }).values);
}
