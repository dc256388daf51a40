import pino from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Historian } from "../../gateway/core/history.ts";
import type { Entry } from "../../gateway/core/log.ts";
import { Meters } from "../../gateway/core/meter.ts";
import { good, type Reading } from "../../gateway/core/reading.ts";
import { epochMs, MINUTE, SECOND, steadyMs } from "../../gateway/core/time.ts";
import type { Sink } from "../../gateway/plugin.ts";
import { authorization } from "../../gateway/sinks/influx/history.ts";
import { setUp } from "../../gateway/sinks/influx/setup.ts";
import influx from "../../gateway/sinks/influx.ts";
import { outage } from "../backlog/outage.ts";
import { describeWith } from "../need.ts";
import { VirtualClock } from "../sim/clock.ts";
import { startInflux1 } from "../sim/influx-servers.ts";
import { energies, historianSuite, temperatures } from "./historian.ts";

/** A server with a bucket of its own for this run. */
interface Place {
  url: string;
  token: string;
  org: string;
  bucket: string;
  stop(): Promise<void>;
}

function sinkTo(place: Place, site: string, kept: unknown[] = []): Sink {
  const { url, token, org, bucket } = place;
  return influx.create(influx.options.parse({ url, token, org, bucket }), {
    site: { id: site, name: "Atelier", timezone: "Europe/Paris", language: "fr" },
    ...{ id: "influx", clock: new VirtualClock(), meters: new Meters(), say: pino({ level: "silent" }) },
    ...{ machines: new Map(), points: new Map(), broker: undefined },
    cells: { load: async () => new Map(), commit: async (change) => void kept.push(...(change.cells ?? [])) },
  });
}

const entries = (items: readonly Reading[]): Entry<Reading>[] =>
  items.map((item, i) => ({ seq: i + 1, boot: 3, steady: steadyMs(i), tq: "synced", item }));

async function deliver(sink: Sink, items: readonly Reading[]): Promise<void> {
  const all = entries(items);
  for (let i = 0; i < all.length; i += 5_000) await sink.apply(all.slice(i, i + 5_000), "live");
}

function engineSuite(open: () => Promise<Place>): void {
  let place: Place;
  let history: Historian;
  beforeAll(async () => {
    place = await open();
    const sink = sinkTo(place, "atelier");
    await deliver(sink, [...temperatures, ...energies]);
    if (sink.history) history = sink.history;
  });
  afterAll(() => place?.stop());

  historianSuite("read back in InfluxQL", async () => history);

  test("sent twice, a reading is there once", async () => {
    const sink = sinkTo(place, "twice");
    await deliver(sink, temperatures);
    await deliver(sink, temperatures);
    expect(await count(place, "twice")).toBe(temperatures.length);
  });

  test("a line of another type than before is set aside with the engine's own words, the rest is stored", async () => {
    await write(place, 'reading,machine=tour-2,signal=odd,site=clash value="text" 1');
    const kept: unknown[] = [];
    // The clash is per shard, so the odd one must lie in the same week as the text.
    await deliver(sinkTo(place, "clash", kept), [good("tour-2/odd", epochMs(1), 5), ...temperatures]);
    expect(await count(place, "clash")).toBe(temperatures.length);
    expect(JSON.stringify(kept)).toContain("field type conflict");
  });
}

describeWith(["influxd"], "InfluxDB 1.6, a real engine", () =>
  engineSuite(async () => {
    const { url, stop } = await startInflux1("vigie");
    return { url, token: "user:secret", org: "", bucket: "vigie", stop };
  }),
);

const {
  VIGIE_TEST_INFLUX2_URL: url,
  VIGIE_TEST_INFLUX2_TOKEN: token,
  VIGIE_TEST_INFLUX2_ORG: org = "vigie",
} = process.env;
if (url && token)
  describe(`InfluxDB 2.x at ${url}`, () =>
    engineSuite(async () => {
      const bucket = `vigie-test-${Date.now()}`;
      await setUp({ url, token, org, bucket, retention: 0 });
      return { url, token, org, bucket, stop: () => removeBucket({ url, token, org, bucket }) };
    }));
else
  test.skip("InfluxDB 2.x (set VIGIE_TEST_INFLUX2_URL and VIGIE_TEST_INFLUX2_TOKEN, and _ORG where it is not vigie)");

describeWith(["victoria-metrics"], "victoria-metrics takes the same writes", () => {
  test.each([
    { perSecond: 20, lasts: 10 * MINUTE },
    { perSecond: 200, lasts: MINUTE },
  ])("$lasts ms offline at $perSecond readings a second: all of it arrives, once, and what is new is never late", async (given) => {
    const { readings, missing, twice, freshLateMs, offLedger } = await outage(given);
    expect(readings).toBeGreaterThan((given.perSecond * given.lasts) / SECOND);
    expect({ missing, twice, offLedger }).toEqual({ missing: 0, twice: 0, offLedger: [] });
    expect(freshLateMs).toBeLessThanOrEqual(2_000);
  }, 120_000);
});

const authorized = ({ token }: Pick<Place, "token">) => ({ authorization: authorization(token) });

async function count(place: Place, site: string): Promise<number> {
  const q = `SELECT count(quality) FROM reading WHERE site = '${site}' AND time > 1000`;
  const query = new URLSearchParams({ db: place.bucket, q });
  const response = await fetch(`${place.url}/query?${query}`, { headers: authorized(place) });
  const answer = (await response.json()) as { results: { series?: { values: [string, number][] }[] }[] };
  return answer.results[0]?.series?.[0]?.values[0]?.[1] ?? 0;
}

async function write(place: Place, line: string): Promise<void> {
  const query = new URLSearchParams({ org: place.org, bucket: place.bucket, precision: "ns" });
  const request = { method: "POST", body: line, headers: authorized(place) };
  expect((await fetch(`${place.url}/api/v2/write?${query}`, request)).status).toBe(204);
}

/** What a run against a server that stays must not leave behind. */
async function removeBucket({ url, token, org, bucket }: Omit<Place, "stop">): Promise<void> {
  const headers = authorized({ token });
  const query = new URLSearchParams({ org, name: bucket });
  const found = (await (await fetch(`${url}/api/v2/buckets?${query}`, { headers })).json()) as {
    buckets?: { id: string }[];
  };
  for (const { id } of found.buckets ?? []) await fetch(`${url}/api/v2/buckets/${id}`, { method: "DELETE", headers });
}
