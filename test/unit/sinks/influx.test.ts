import pino from "pino";
import { expect, onTestFinished, test } from "vitest";
import { type Entry, NotNow } from "../../../gateway/core/log.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import type { Point, PointId } from "../../../gateway/core/point.ts";
import { bad, good, type Reading, uncertain } from "../../../gateway/core/reading.ts";
import { epochMs, steadyMs, type TimeQuality } from "../../../gateway/core/time.ts";
import influx from "../../../gateway/sinks/influx.ts";
import { VirtualClock } from "../../sim/clock.ts";
import { refuse, type Script, scriptedInflux } from "../../sim/influx-scripted.ts";

const POWER: PointId = "tour-2/power";
const T = 1_772_438_400_000;

async function start(options: Record<string, unknown> = {}, script?: Script) {
  const server = await scriptedInflux();
  onTestFinished(() => server.close());
  if (script) server.behave(script);
  const meters = new Meters();
  const said: string[] = [];
  const kept: unknown[] = [];
  const point: Point = {
    id: POWER,
    machine: "tour-2",
    signal: { name: "power", unit: "W", kind: "gauge", every: 1_000 },
    driver: "d",
    device: "d",
  };
  const sink = influx.create(
    influx.options.parse({
      url: server.url,
      token: "t0ken",
      org: "atelier",
      bucket: "machines",
      timeout: 1,
      ...options,
    }),
    {
      id: "influx",
      site: { id: "atelier nord", name: "Atelier", timezone: "Europe/Paris", language: "fr" },
      clock: new VirtualClock(),
      meters,
      say: pino({}, { write: (line: string) => void said.push(JSON.parse(line).msg) }),
      machines: new Map(),
      points: new Map([[POWER, point]]),
      broker: undefined,
      cells: { load: async () => new Map(), commit: async (change) => void kept.push(...(change.cells ?? [])) },
    },
  );
  return { server, sink, meters, said, kept };
}

const entry = (seq: number, item: Reading, tq: TimeQuality = "synced", boot = 7): Entry<Reading> => ({
  seq,
  boot,
  steady: steadyMs(seq),
  tq,
  item,
});

const entries = (count: number): Entry<Reading>[] =>
  Array.from({ length: count }, (_, i) => entry(i + 1, good(POWER, epochMs(T + i * 1_000), i + 0.5)));

async function outcome(promise: Promise<void>): Promise<string> {
  return promise.then(
    () => "delivered",
    (error: Error) => error.message,
  );
}

test("a line says what was measured, where, in which unit, and how sure", async () => {
  const { server, sink } = await start();
  await sink.apply(
    [
      entry(1, good(POWER, epochMs(T), 12.5)),
      entry(2, bad(POWER, epochMs(T + 1), "timeout")),
      entry(3, uncertain("scie-1/temp, é", epochMs(T + 2), -3, "saturated")),
      entry(4, good(POWER, epochMs(T + 3), 1e21), "bounded", 1_000_008),
    ],
    "live",
  );
  expect(server.writes[0]?.lines).toEqual([
    `reading,machine=tour-2,signal=power,site=atelier\\ nord,unit=W value=12.5,quality="good" ${T}000007`,
    `reading,machine=tour-2,signal=power,site=atelier\\ nord,unit=W quality="bad",why="timeout" ${T + 1}000007`,
    `reading,machine=scie-1,signal=temp\\,\\ é,site=atelier\\ nord value=-3,quality="uncertain",why="saturated" ${T + 2}000007`,
    `reading,machine=tour-2,signal=power,site=atelier\\ nord,unit=W value=1e+21,quality="uncertain",why="clock" ${T + 3}000008`,
  ]);
  expect(server.writes[0]?.path).toBe("/api/v2/write?org=atelier&bucket=machines&precision=ns");
  expect(server.writes[0]?.headers.authorization).toBe("Token t0ken");
});

test("a batch is one compressed request", async () => {
  const { server, sink } = await start();
  await sink.apply(entries(1_000), "live");
  expect(server.writes).toHaveLength(1);
  expect(server.writes[0]?.headers["content-encoding"]).toBe("gzip");
  expect(server.writes[0]?.bytes).toBeLessThan(1_000 * 15);
  expect(server.points.size).toBe(1_000);
});

test("stored, but the connection died before the answer: sent again, there once", async () => {
  let first = true;
  const { server, sink } = await start({}, (write, response, store) => {
    if (!first) return undefined;
    first = false;
    store(write.lines);
    response.destroy();
    return true;
  });
  expect(await outcome(sink.apply(entries(50), "live"))).toMatch(
    /cannot reach InfluxDB at http:\/\/127\.0\.0\.1:\d+ \(ECONNRESET\)/,
  );
  expect(await outcome(sink.apply(entries(50), "live"))).toBe("delivered");
  expect(server.writes).toHaveLength(2);
  expect(server.points.size).toBe(50);
});

test("one bad line is set aside with the server's reason, the rest is stored", async () => {
  const { server, sink, meters, said, kept } = await start({}, (write, response, store) => {
    const wrong = write.lines.findIndex((line) => line.includes("value=313.5"));
    if (wrong < 0) return undefined;
    store(write.lines.slice(0, wrong));
    return refuse(response, 400, `unable to parse '${write.lines[wrong]}': bad timestamp`);
  });
  expect(await outcome(sink.apply(entries(1_000), "live"))).toBe("delivered");
  expect(server.points.size).toBe(999);
  expect(meters.sum("sink_refused_total", { sink: "influx" })).toBe(1);
  expect(said.filter((line) => line.includes("value=313.5") && line.includes("bad timestamp"))).toHaveLength(1);
  expect(kept).toMatchObject([
    { kind: "influx-refused", key: "influx", value: [{ reason: expect.stringContaining("bad timestamp") }] },
  ]);
  // Twice log2(1000) requests and a few, not one per line.
  expect(server.writes.length).toBeLessThan(30);
});

test("a server that refuses every line is not asked line by line", async () => {
  const { server, sink, meters } = await start({}, (_write, response) =>
    refuse(response, 400, "precision is not known"),
  );
  expect(await outcome(sink.apply(entries(1_000), "live"))).toMatch(/refuses every line \(precision is not known\)/);
  expect(server.writes.length).toBeLessThan(80);
  expect(meters.sum("sink_refused_total")).toBe(0);
  expect(meters.sum("sink_needs_care")).toBe(400);
});

test.each([
  [401, /does not accept the token, check `token`/],
  [403, /may not write to bucket machines/],
  [404, /has no bucket machines in org atelier: make it \(vigie influx-setup\)/],
])("%i pauses for a minute and names what to put right", async (status, words) => {
  const { sink, meters, server } = await start({}, (_write, response) => refuse(response, status, "no"));
  const error = await Promise.resolve(sink.apply(entries(5), "live")).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(NotNow);
  expect(error).toMatchObject({ message: expect.stringMatching(words), after: 60_000 });
  expect(meters.sum("sink_needs_care", { sink: "influx" })).toBe(status);
  server.behave(() => undefined);
  await sink.apply(entries(5), "live");
  expect(meters.sum("sink_needs_care", { sink: "influx" })).toBe(0);
});

test("413 halves the requests until they fit, and everything arrives", async () => {
  const { server, sink } = await start({}, (write, response) =>
    write.lines.length > 150 ? refuse(response, 413, "too large") : undefined,
  );
  await sink.apply(entries(1_000), "live");
  expect(server.points.size).toBe(1_000);
  expect(server.writes.length).toBeLessThan(30);
});

test.each([
  [429, { "retry-after": "17" }, 17_000],
  [503, { "retry-after": "Mon, 02 Mar 2026 08:00:30 GMT", date: "Mon, 02 Mar 2026 08:00:00 GMT" }, 30_000],
  [503, {}, 5_000],
  [429, { "retry-after": "999999" }, 3_600_000],
])("%i with %o is obeyed", async (status, headers, after) => {
  const { sink } = await start({}, (_write, response) => refuse(response, status, "busy", headers));
  await expect(sink.apply(entries(5), "live")).rejects.toMatchObject({ name: "NotNow", after });
});

test("a server that never answers is given up after the time-out", async () => {
  const { sink } = await start({}, () => true);
  expect(await outcome(sink.apply(entries(5), "live"))).toMatch(/cannot reach InfluxDB .* \(.*tim/i);
});

test("a login page in between is not taken for success", async () => {
  const { sink, server } = await start({}, (_write, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<html>Connexion</html>");
    return true;
  });
  expect(await outcome(sink.apply(entries(5), "live"))).toMatch(/answers like a web page/);
  expect(server.points.size).toBe(0);
});

test("readings without a known time wait, those before them go, once", async () => {
  const { server, sink } = await start();
  const batch = entries(10).map((e): Entry<Reading> => (e.seq > 6 ? { ...e, tq: "unsynced" } : e));
  await expect(sink.apply(batch, "live")).rejects.toMatchObject({
    name: "NotNow",
    message: "readings wait until the time is known",
  });
  await expect(sink.apply(batch, "live")).rejects.toBeInstanceOf(NotNow);
  expect(server.writes.map((write) => write.lines.length)).toEqual([6]);
  await sink.apply(entries(10), "live");
  expect(server.points.size).toBe(10);
});
