import type { Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { Registers } from "../../gateway/simulate/slave.ts";
import { serveSlaves } from "../sim/modbus/device.ts";
import { modbusDriver, Running } from "../sim/modbus/driver.ts";

let server: Server | undefined;
afterEach(() => server?.close());

async function stackLight(framing: "tcp" | "rtu") {
  const relays = new Registers();
  for (let i = 0; i < 8; i++) relays.coils.set(i, 0);
  relays.holding.set(5, 0);
  const served = await serveSlaves(new Map([[3, relays]]), framing);
  server = served.server;
  const port = `${framing === "tcp" ? "tcp" : "rtu+tcp"}://127.0.0.1:${served.port}`;
  const device = {
    id: "feu",
    profile: "waveshare-io8",
    slave: 3,
    every: "200ms",
    machine: "tour-2",
    signals: ["do1"],
    outputs: { red: { coil: 0 }, siren: { register: 5, range: [0, 3] } },
  };
  const driver = modbusDriver({ port, baud: 115200, devices: [device] });
  return { relays, driver, running: new Running(driver) };
}

test.each(["tcp", "rtu"] as const)("a declared coil is switched between the polls (%s)", async (framing) => {
  const { relays, driver, running } = await stackLight(framing);
  await running.until(() => running.latest["tour-2/do1"] === 0);
  const red = driver.outputs?.find(({ id }) => id === "ligne-1/feu/red");
  await red?.write(1, AbortSignal.timeout(2_000));
  expect(relays.coils.get(0)).toBe(1);
  await running.until(() => running.latest["tour-2/do1"] === 1);
  await red?.write(0, AbortSignal.timeout(2_000));
  await running.until(() => running.latest["tour-2/do1"] === 0);
  expect(running.bad).toBe(0);
  await running.stop();
});

test("a value outside the declared range is never sent, nor anything that is not declared", async () => {
  const { relays, driver, running } = await stackLight("tcp");
  await running.until(() => running.good > 0);
  expect(driver.outputs?.map(({ id }) => id)).toEqual(["ligne-1/feu/red", "ligne-1/feu/siren"]);
  const [red, siren] = driver.outputs ?? [];
  await expect(red?.write(2, AbortSignal.timeout(1_000))).rejects.toThrow(/not a whole number from 0 to 1/);
  await expect(siren?.write(4, AbortSignal.timeout(1_000))).rejects.toThrow(/not a whole number from 0 to 3/);
  await expect(siren?.write(0.5, AbortSignal.timeout(1_000))).rejects.toThrow();
  expect(relays.holding.get(5)).toBe(0);
  await siren?.write(2, AbortSignal.timeout(1_000));
  expect(relays.holding.get(5)).toBe(2);
  await running.stop();
});

test("a coil that the device refuses is an error for whoever wanted it, and the polls go on", async () => {
  const { relays, driver, running } = await stackLight("tcp");
  await running.until(() => running.good > 0);
  relays.coils.delete(0);
  const write = driver.outputs?.[0]?.write(1, AbortSignal.timeout(1_000));
  await expect(write).rejects.toThrow(/slave 3 refuses address 0 \(exception 2\)/);
  relays.coils.set(0, 0);
  await running.stop();
});
