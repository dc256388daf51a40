import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { FakeNode, type FakeNodeOptions } from "../../../../firmware-bridge/fake.ts";
import { spectraPoints } from "../../../../gateway/spectra.ts";
import { DriverBench, until } from "./bench.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A node whose channel `count` counts its own samples, and whose `uptime` says in ms when it was read. */
function counting(more: Partial<FakeNodeOptions> = {}): FakeNode {
  let count = 0;
  return new FakeNode({
    id: "noeud-1",
    boot: 7,
    channels: [
      { name: "count", unit: "1", every: 50, resolution: 1, value: () => count++ },
      { name: "uptime", unit: "ms", every: 100, resolution: 1, value: (t) => t },
      { name: "probe", unit: "Cel", every: 100, value: () => "sensor_open" },
    ],
    bursts: [{ name: "z", range: 16, take: (_, rate, length) => wave(rate, length) }],
    ...more,
  });
}

const wave = (rate: number, length: number): number[] =>
  Array.from({ length }, (_, i) => Math.sin((2 * Math.PI * 50 * i) / rate));

async function plug(node: FakeNode, port = 0): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => node.attach(socket));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  closers.push(
    () => node.stop(),
    () => server.close(),
  );
  return { server, port: (server.address() as AddressInfo).port };
}

const site = (port: number) => ({
  port: `tcp://127.0.0.1:${port}`,
  nodes: [
    {
      id: "noeud-1",
      machine: "tour-2",
      channels: { count: { unit: "1" }, uptime: { unit: "ms" }, probe: { as: "tour-2/broche", unit: "°C" } },
      bursts: { z: { as: "tour-2/broche_z", above: 0.5, count: 512, rate: 1600 } },
    },
  ],
});

function drive(options: unknown, cells?: Map<string, unknown>): DriverBench {
  const bench = new DriverBench(options, cells);
  closers.push(() => bench.stop());
  return bench;
}

const consecutive = (values: readonly number[]): number[] => values.map((_, i) => (values[0] ?? 0) + i);

/** By how many ms, at most, the node's own account of when it took a sample differs from the time that the sample was given. */
function worst(bench: DriverBench, started: number, clock: number): number {
  const wrong = bench.readings.map((r) =>
    r.point === "tour-2/uptime" && r.quality === "good" ? Math.abs(r.at - started - r.value / clock) : 0,
  );
  return Math.max(...wrong);
}

test("values arrive in order with the time at which they were taken; a fault of the sensor is no number", async () => {
  const started = performance.now();
  const { port } = await plug(counting({ clock: () => performance.now() * 1.002 }));
  const bench = drive(site(port));
  await until("40 values", () => bench.values("tour-2/count").length >= 40);
  expect(bench.values("tour-2/count")).toEqual(consecutive(bench.values("tour-2/count")));
  expect(worst(bench, started, 1.002)).toBeLessThan(5);
  const probe = bench.readings.filter((r) => r.point === "tour-2/broche");
  expect(new Set(probe.map((r) => (r.quality === "bad" ? r.why : r.value)))).toEqual(new Set(["sensor_open"]));
  expect(bench.driver.devices?.()).toMatchObject([
    { id: "noeud-1", state: "ok", about: { boot: 7, "samples lost": 0 } },
  ]);
});

test("a burst that the node's threshold asked for comes whole, in g", async () => {
  const { port } = await plug(counting());
  const bench = drive(site(port));
  await until("a burst", () => bench.bursts.length > 0, 15_000);
  const [burst] = bench.bursts;
  expect(burst).toMatchObject({ point: "tour-2/broche_z", rate: 1600, clipped: false });
  expect(burst?.samples.length).toBe(512);
  expect(Math.max(...(burst?.samples ?? []))).toBeCloseTo(1, 2);
});

test("while the cable is out the points say so, and then the ring is replayed: nothing lost, order and times right", async () => {
  const started = performance.now();
  const node = counting();
  const { server, port } = await plug(node);
  const bench = drive(site(port));
  await until("values", () => bench.values("tour-2/count").length >= 20);
  const sockets = new Promise<void>((resolve) => server.close(() => resolve()));
  node.attach(new (await import("node:stream")).PassThrough());
  await sockets;
  const readings = () => bench.readings.filter((r) => r.point === "tour-2/count");
  await until("silence being told", () => readings().some((r) => r.quality === "bad" && r.why === "connection"));
  await plug(node, port);
  const before = bench.values("tour-2/count").length;
  await until("the replay", () => bench.values("tour-2/count").length > before + 30, 15_000);
  expect(bench.values("tour-2/count")).toEqual(consecutive(bench.values("tour-2/count")));
  expect(worst(bench, started, 1)).toBeLessThan(5);
});

test("while the node is silent, what is made of its bursts is bad like everything else of it", async () => {
  const { server, port } = await plug(counting());
  const bench = drive(site(port));
  await until("a burst", () => bench.bursts.length > 0, 15_000);
  const [source] = bench.driver.bursts ?? [];
  if (!source) throw new Error("the driver tells of no burst");
  const made = spectraPoints(source, "capteurs-1").map(({ id }) => id);
  expect(made.length).toBeGreaterThan(15);
  const told = () => bench.readings.filter((r) => made.includes(r.point));
  expect(told()).toEqual([]);
  for (const close of closers.splice(0, 1)) await close();
  server.close();
  await until("silence being told", () => told().length >= made.length, 15_000);
  expect(told().map(({ point }) => point)).toEqual(made);
  expect(new Set(told().map((r) => r.quality === "bad" && r.why)).size).toBe(1);
});

test("a gateway that restarts gets what was not saved, and nothing twice", async () => {
  const { port } = await plug(counting());
  const cells = new Map<string, unknown>();
  const first = drive(site(port), cells);
  await until("values", () => first.values("tour-2/count").length >= 20);
  first.saves = false;
  const kept = first.values("tour-2/count").length;
  await until("values that are not saved", () => first.values("tour-2/count").length >= kept + 10);
  await first.stop();
  const before = first.stored.flatMap((r) => (r.point === "tour-2/count" && r.quality !== "bad" ? [r.value] : []));
  expect(first.values("tour-2/count").length).toBeGreaterThan(before.length);
  const second = drive(site(port), cells);
  await until("the next ones", () => second.values("tour-2/count").length >= 30);
  const all = [...before, ...second.values("tour-2/count")];
  expect(all).toEqual(consecutive(all));
  expect(second.meters.all().find((m) => m.name === "node_samples_total" && m.labels.kind === "lost")?.value).toBe(0);
});

test("a node that nobody has put on a machine shows as new with its channels", async () => {
  const { port } = await plug(counting({ id: "inconnu" }));
  const bench = drive(site(port));
  const fresh = () => bench.driver.devices?.().find((d) => d.state === "new");
  await until("the new node", () => fresh() !== undefined);
  expect(fresh()).toMatchObject({ id: "inconnu" });
  expect(fresh()?.channels?.map((c) => c.name)).toEqual(["count", "uptime", "probe", "z"]);
  expect(bench.lines.join("\n")).toContain("le nœud inconnu est nouveau");
});

test("a channel in another unit than the site file says is refused, not converted", async () => {
  const { port } = await plug(counting());
  const bench = drive({
    ...site(port),
    nodes: [{ id: "noeud-1", machine: "tour-2", channels: { count: { unit: "bar" }, absent: { unit: "1" } } }],
  });
  const why = (point: string) =>
    bench.readings.find((r) => r.point === point && r.quality === "bad" && r.why !== "timeout");
  await until("both refusals", () => why("tour-2/count") !== undefined && why("tour-2/absent") !== undefined);
  expect(why("tour-2/count")).toMatchObject({ why: "garbled" });
  expect(why("tour-2/absent")).toMatchObject({ why: "no_sensor" });
  expect(bench.values("tour-2/count")).toEqual([]);
});
