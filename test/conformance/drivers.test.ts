import { readdirSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { basename, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { ID_PATTERN } from "../../gateway/core/point.ts";
import { type DriverPlugin, loadPlugins } from "../../gateway/plugin.ts";
import { driverContext, Running } from "../sim/modbus/driver.ts";

/**
 * Every driver there is, as it behaves towards a port where nobody answers. A driver that is added must be given options here,
 * or this suite fails.
 */
const folder = join(import.meta.dirname, "../../gateway/drivers");
const names = readdirSync(folder, { withFileTypes: true })
  .filter((file) => file.isFile() && file.name.endsWith(".ts"))
  .map((file) => basename(file.name, ".ts"));

/** Nobody listens on port 1. */
const lonely: Readonly<Record<string, object>> = {
  modbus: {
    port: "tcp://127.0.0.1:1",
    devices: [
      { id: "d", slave: 1, every: "100ms", machine: "m", signals: { r: { at: 0, table: "holding", type: "u16" } } },
    ],
  },
  lines: { port: "tcp://127.0.0.1:1", machine: "m", every: "100ms", signals: { weight: { match: "(\\d+)" } } },
  teleinfo: { port: "tcp://127.0.0.1:1", machine: "m", every: "1s" },
  node: {
    port: "tcp://127.0.0.1:1",
    nodes: [{ id: "n", machine: "m", every: "200ms", channels: { temp: { unit: "Cel", every: "200ms" } } }],
  },
  mqtt: {
    url: "mqtt://127.0.0.1:1",
    devices: [{ id: "d", machine: "m", topic: "t", every: "200ms", signals: { temp: {} } }],
  },
};

const plugins = await loadPlugins();

test("every driver of the folder is put through this suite", () => {
  expect(Object.keys(lonely).sort()).toEqual([...names].sort());
});

let server: Server | undefined;
afterEach(() => server?.close());

describe.each(names)("driver %s", (name) => {
  const options = lonely[name] ?? {};
  const plugin = plugins.drivers.get(name);
  const create = (given: DriverPlugin, context = driverContext("d")) =>
    given.create(given.options.parse(options), context);

  test("knows its options, and refuses one that it does not know", () => {
    expect(plugin?.options.safeParse(options).error).toBeUndefined();
    expect(plugin?.options.safeParse({ ...options, colour: "blue" }).success).toBe(false);
    expect(plugin?.options.safeParse({}).success).toBe(false);
  });

  test("opens nothing before it is run", async () => {
    let calls = 0;
    server = createServer(() => calls++).listen(0, "127.0.0.1");
    if (!plugin) throw new Error("no plugin");
    const before = process.getActiveResourcesInfo().filter((kind) => kind !== "Immediate").length;
    create(plugin);
    expect(process.getActiveResourcesInfo().filter((kind) => kind !== "Immediate").length).toBeLessThanOrEqual(before);
    expect(calls).toBe(0);
  });

  test("names its points as machines and signals, each once", () => {
    if (!plugin) throw new Error("no plugin");
    const { points } = create(plugin);
    expect(new Set(points.map((point) => point.id)).size).toBe(points.length);
    for (const point of points) {
      expect(point.id).toBe(`${point.machine}/${point.signal.name}`);
      expect(point.machine).toMatch(ID_PATTERN);
      expect(point.signal.every).toBeGreaterThan(0);
    }
  });

  test("yields bad readings while nobody is there, counts them as due, and stops at once", async () => {
    if (!plugin) throw new Error("no plugin");
    const context = driverContext("d");
    const driver = create(plugin, context);
    const running = new Running(driver);
    await running.until(() => running.bad >= 2 * driver.points.length, 15_000);
    expect(running.good).toBe(0);
    for (const { point } of running.readings) expect(driver.points.map(({ id }) => id)).toContain(point);
    const begun = performance.now();
    await running.stop();
    expect(performance.now() - begun).toBeLessThan(2_000);
    const due = context.meters.sum("readings_scheduled_total");
    expect(due - context.meters.sum("readings_skipped_total")).toBe(running.good + running.bad);
  });

  test("ends when nobody pulls any more, as after a fall", async () => {
    if (!plugin) throw new Error("no plugin");
    const batches = create(plugin).run(new AbortController().signal)[Symbol.asyncIterator]();
    expect((await batches.next()).done).toBe(false);
    await batches.return?.();
  });
});
