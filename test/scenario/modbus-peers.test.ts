import { afterEach, expect, test } from "vitest";
import { describeWith } from "../need.ts";
import { driverContext, modbusDriver, Running } from "../sim/modbus/driver.ts";
import { libmodbusRtu, libmodbusTcp, ptyLine, serialServer, stopPeers } from "../sim/modbus/peers.ts";

afterEach(stopPeers);

const signals = {
  input: { at: 10, table: "input", type: "u32", unit: "1" },
  far: { at: 1900, table: "input", type: "u16", unit: "1" },
  holding: { at: 5, table: "holding", type: "u16" },
  coil: { at: 3, table: "coil", type: "bit" },
  contact: { at: 4, table: "discrete", type: "bit" },
};
const right = {
  "tour-2/input": 10 * 65536 + 11,
  "tour-2/far": 1900,
  "tour-2/holding": 65530,
  "tour-2/coil": 1,
  "tour-2/contact": 0,
};

const device = (slave: number) => ({ id: "d", slave, every: "100ms", machine: "tour-2", signals });

describeWith(["gcc", "socat", "pkg-config", "/usr/include/modbus/modbus.h"], "slaves that we did not write", () => {
  test("a libmodbus slave over Modbus TCP is read right", async () => {
    const port = await libmodbusTcp();
    const running = new Running(modbusDriver({ port: `tcp://127.0.0.1:${port}`, devices: [device(1)] }));
    await running.until(() => running.of("tour-2/contact").some((r) => r.quality === "good"));
    expect(running.latest).toEqual(right);
    await running.stop();
  });

  test("a libmodbus slave on a serial line is read right", async () => {
    const line = await ptyLine();
    await libmodbusRtu(line.slave, 9);
    const running = new Running(modbusDriver({ port: line.master, baud: 115200, devices: [device(9)] }));
    await running.until(() => running.of("tour-2/contact").some((r) => r.quality === "good"));
    expect(running.latest).toEqual(right);
    await running.stop();
  });

  test("a libmodbus slave behind a serial server is read right", async () => {
    const line = await ptyLine();
    await libmodbusRtu(line.slave, 7);
    const port = await serialServer(line.master);
    const running = new Running(
      modbusDriver({ port: `rtu+tcp://127.0.0.1:${port}`, baud: 115200, devices: [device(7)] }),
    );
    await running.until(() => running.of("tour-2/contact").some((r) => r.quality === "good"));
    expect(running.latest).toEqual(right);
    await running.stop();
  });

  test("an address that a slave does not have takes no other signal with it, and is not asked again", async () => {
    const port = await libmodbusTcp();
    const mixed = { ...signals, beyond: { at: 2001, table: "input", type: "u16", unit: "1" } };
    const own = { id: "d", slave: 1, every: "50ms", machine: "tour-2", signals: mixed };
    const context = driverContext();
    const driver = modbusDriver({ port: `tcp://127.0.0.1:${port}`, devices: [own] }, context);
    const running = new Running(driver);
    await running.until(() => running.of("tour-2/contact").filter((r) => r.quality === "good").length > 5);
    expect(running.latest).toEqual({ ...right, "tour-2/beyond": "refused" });
    expect(driver.devices?.()[0]).toMatchObject({ state: "degraded", about: { refused: "beyond" } });
    expect(driver.devices?.()[0]?.about.errors_refused).toBeLessThanOrEqual(2);
    await running.stop();
    // The next start knows the hole already: the refused address is asked alone, once.
    const again = modbusDriver({ port: `tcp://127.0.0.1:${port}`, devices: [own] }, context);
    const second = new Running(again);
    await second.until(() => second.of("tour-2/contact").filter((r) => r.quality === "good").length > 5);
    expect(second.latest).toEqual({ ...right, "tour-2/beyond": "refused" });
    expect(context.meters.sum("modbus_exchanges_total", { result: "refused" })).toBeLessThanOrEqual(3);
    await second.stop();
  });
});
