import type { Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { Registers } from "../../gateway/simulate/slave.ts";
import { serveSlaves } from "../sim/modbus/device.ts";
import { driverContext, modbusDriver, Running } from "../sim/modbus/driver.ts";

let server: Server | undefined;
afterEach(() => server?.close());

test("16, 17: a counter goes on over its end and over a restart of the gateway, and starts again when it was reset", async () => {
  const meter = new Registers();
  meter.holding.set(0, 65_000);
  const served = await serveSlaves(new Map([[1, meter]]), "tcp");
  server = served.server;
  const signals = { parts: { at: 0, table: "holding", type: "u16", unit: "1", kind: "counter", scale: 10 } };
  const options = {
    port: `tcp://127.0.0.1:${served.port}`,
    devices: [{ id: "d", slave: 1, every: "50ms", machine: "m", signals }],
  };
  const context = driverContext();
  const first = new Running(modbusDriver(options, context));
  await first.until(() => first.latest["m/parts"] === 650_000);
  meter.holding.set(0, 100);
  await first.until(() => first.latest["m/parts"] === 656_360);
  await first.stop();

  meter.holding.set(0, 200);
  const second = new Running(modbusDriver(options, context));
  await second.until(() => second.latest["m/parts"] === 657_360);
  meter.holding.set(0, 5);
  await second.until(() => second.latest["m/parts"] === 50);
  await second.stop();
  expect(context.lines.filter((line) => / zéro/.test(line))).toEqual([
    "ligne-1: m/parts est reparti de zéro après sa plus grande valeur",
    "ligne-1: m/parts a été remis à zéro",
  ]);
});
