import { type AddressInfo, createConnection, createServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { Alarm } from "../../../gateway/core/alarm.ts";
import { MINUTE, SECOND } from "../../../gateway/core/time.ts";
import stacklight from "../../../gateway/notifiers/stacklight.ts";
import { describeWith } from "../../need.ts";
import { VirtualClock } from "../../sim/clock.ts";
import { modbusDriver, Running } from "../../sim/modbus/driver.ts";
import { libmodbusTcp, stopPeers } from "../../sim/modbus/peers.ts";
import { until } from "../../sim/peers/kit.ts";
import { alarm, event, Hands, make, patient } from "./desk.ts";

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
  stopPeers();
});

class Lamp {
  value = 0;
  readonly written: number[] = [];
  broken = false;
  async write(value: number): Promise<void> {
    if (this.broken) throw new Error("no answer");
    this.value = value;
    this.written.push(value);
  }
}

const column = (options: object = {}) => {
  const lamps = { red: new Lamp(), amber: new Lamp(), green: new Lamp(), siren: new Lamp() };
  const clock = new VirtualClock();
  const alarms = new Hands();
  let list: Alarm[] = [];
  alarms.list = () => list;
  const all = { red: "red", amber: "amber", green: "green", siren: "siren", ...options };
  const light = make(stacklight, all, { clock, alarms, outputs: new Map(Object.entries(lamps)) });
  const stop = new AbortController();
  open.push(() => stop.abort());
  const show = async (one: Alarm, over: Parameters<typeof event>[0] = {}) => {
    list = one.state === "normal" ? [] : [one];
    await light.notify?.(event({ alarm: one, to: one.state, ...over }), patient());
  };
  return { lamps, clock, light, show, stop, values: () => Object.values(lamps).map((l) => l.value) };
};

test("red and siren for a new alarm, amber once somebody has seen it, dark when it is over", async () => {
  const { lamps, show } = column();
  await show(alarm());
  expect([lamps.red.value, lamps.amber.value, lamps.siren.value]).toEqual([1, 0, 1]);
  await show(alarm({ state: "acked" }), { annunciated: false });
  expect([lamps.red.value, lamps.amber.value, lamps.siren.value]).toEqual([0, 1, 0]);
  await show(alarm({ state: "normal" }), { annunciated: false });
  expect([lamps.red.value, lamps.amber.value, lamps.siren.value]).toEqual([0, 0, 0]);
});

test("a medium alarm is red but silent", async () => {
  const { lamps, show } = column();
  await show(alarm({ priority: "medium" }));
  expect([lamps.red.value, lamps.siren.value]).toEqual([1, 0]);
});

test("the silence button stops the siren, not the light", async () => {
  const { lamps, show } = column({ silence_rule: "bouton" });
  await show(alarm());
  await show(alarm({ id: "bouton", rule: "bouton", class: "event" }), { annunciated: false });
  expect(lamps.siren.value).toBe(0);
});

test("a siren sounds no longer than it may, and the light stays", async () => {
  const { lamps, clock, light, show, stop } = column({ siren_for: "3min" });
  void light.run?.(stop.signal);
  await show(alarm());
  await clock.advance(2 * MINUTE);
  expect(lamps.siren.value).toBe(1);
  await clock.advance(MINUTE + 2 * SECOND);
  expect([lamps.siren.value, lamps.red.value]).toEqual([0, 1]);
});

test("green blinks while the gateway lives and is dark when it ends", async () => {
  const { lamps, clock, light, stop } = column();
  void light.run?.(stop.signal);
  await clock.advance(10 * SECOND);
  expect(lamps.green.written.slice(0, 6)).toEqual([1, 0, 1, 0, 1, 0]);
  stop.abort();
  await light.close?.();
  expect(lamps.green.value).toBe(0);
});

test("a module that lost its power is lit again within ten seconds", async () => {
  const { lamps, clock, light, show, stop } = column();
  void light.run?.(stop.signal);
  await show(alarm());
  lamps.red.value = 0;
  await clock.advance(11 * SECOND);
  expect(lamps.red.value).toBe(1);
});

test("a light that does not answer is a reason to try again", async () => {
  const { lamps, show } = column();
  lamps.red.broken = true;
  await expect(show(alarm())).rejects.toThrow("no answer");
  lamps.red.broken = false;
  await show(alarm());
  expect(lamps.red.value).toBe(1);
});

describeWith(["gcc", "socat"], "on a slave that we did not write", () => {
  test("only the declared coil is ever written, whatever the alarms do", async () => {
    const slave = await libmodbusTcp();
    const asked: Buffer[] = [];
    const sniffer = createServer((client) => {
      const wire = createConnection(slave, "127.0.0.1");
      client.on("data", (bytes) => asked.push(bytes));
      client.pipe(wire).pipe(client);
      for (const end of [client, wire]) end.on("error", () => undefined);
    });
    await new Promise<void>((ready) => sniffer.listen(0, "127.0.0.1", ready));
    open.push(() => sniffer.close());
    const port = (sniffer.address() as AddressInfo).port;
    const signals = { coil: { at: 3, table: "coil", type: "bit" } };
    const device = {
      id: "relais",
      slave: 1,
      every: "100ms",
      machine: "tour-2",
      signals,
      outputs: { rouge: { coil: 3 } },
    };
    const driver = modbusDriver({ port: `tcp://127.0.0.1:${port}`, devices: [device] });
    const running = new Running(driver);
    open.push(() => running.stop());
    await running.until(() => running.of("tour-2/coil").some((reading) => reading.quality === "good"));
    const alarms = new Hands();
    let list: Alarm[] = [];
    alarms.list = () => list;
    const outputs = new Map(driver.outputs?.map((output) => [output.id, output]));
    const light = make(stacklight, { red: [...outputs.keys()][0] }, { alarms, outputs });
    for (const state of ["unacked", "acked", "unacked", "normal"] as const) {
      list = state === "normal" ? [] : [alarm({ state })];
      await light.notify?.(event({ alarm: alarm({ state }), to: state }), patient());
      await until(() => running.latest["tour-2/coil"] === (state === "unacked" ? 1 : 0));
    }
    const frames = framesOf(Buffer.concat(asked));
    const writes = frames.filter(({ code }) => code > 4);
    expect(writes.map(({ code, at }) => [code, at])).toEqual([
      [5, 3],
      [5, 3],
      [5, 3],
      [5, 3],
    ]);
    expect(frames.length).toBeGreaterThan(writes.length);
  });
});

/** Function code and address of every Modbus TCP question in these bytes. */
function framesOf(bytes: Buffer): { code: number; at: number }[] {
  const frames: { code: number; at: number }[] = [];
  for (let i = 0; i + 8 <= bytes.length; i += 6 + bytes.readUInt16BE(i + 4))
    frames.push({ code: bytes.readUInt8(i + 7), at: bytes.readUInt16BE(i + 8) });
  return frames;
}
