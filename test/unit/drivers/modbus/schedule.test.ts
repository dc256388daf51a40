import { expect, test } from "vitest";
import { budgetLine, budgetOf, tooFull } from "../../../../gateway/drivers/modbus/budget.ts";
import { costOf, paceOf } from "../../../../gateway/drivers/modbus/copper.ts";
import { modbusOptions } from "../../../../gateway/drivers/modbus/options.ts";
import { FLOOR, Patience } from "../../../../gateway/drivers/modbus/patience.ts";
import { resolveDevices } from "../../../../gateway/drivers/modbus/resolve.ts";
import { Schedule } from "../../../../gateway/drivers/modbus/schedule.ts";
import plugin from "../../../../gateway/drivers/modbus.ts";
import { driverContext, modbusDriver } from "../../../sim/modbus/driver.ts";
import { words } from "../../../sim/modbus/lane.ts";

test("each signal comes at its own period, slow ones together with fast ones", () => {
  const schedule = new Schedule([1_000, 1_000, 5_000], 0);
  const taken = Array.from({ length: 11 }, () => [schedule.next, schedule.take(schedule.next).indices.join("")]);
  expect(taken.filter(([, due]) => due === "012").map(([at]) => at)).toEqual([0, 5_000, 10_000]);
  expect(taken.map(([at]) => at)).toEqual(Array.from({ length: 11 }, (_, i) => i * 1_000));
});

test("periods that are no multiples of each other are both kept", () => {
  const schedule = new Schedule([1_000, 1_500], 0);
  const at: Record<string, number[]> = { 0: [], 1: [] };
  while (schedule.next < 6_000) {
    const time = schedule.next;
    for (const index of schedule.take(time).indices) at[index]?.push(time);
  }
  expect(at).toEqual({ 0: [0, 1_000, 2_000, 3_000, 4_000, 5_000], 1: [0, 1_500, 3_000, 4_500] });
});

test("what was missed is taken once and counted, never piled up", () => {
  const schedule = new Schedule([1_000, 10_000], 0);
  schedule.take(0);
  expect(schedule.take(12_345)).toMatchObject({ indices: [0, 1], skipped: 11 });
  expect(schedule.next).toBe(13_000);
});

test("a wait is learned from the answers, doubled by silence, and bounded", () => {
  const patience = new Patience(1_000);
  for (let i = 0; i < 20; i++) patience.answered(200);
  // However steady they are, a margin stays.
  expect(patience.timeout).toBeCloseTo(250, 0);
  patience.silent();
  patience.silent();
  patience.silent();
  expect(patience.timeout).toBe(1_000);
  for (let i = 0; i < 50; i++) patience.answered(3);
  expect(patience.timeout).toBe(FLOOR);
});

test("the plan's cost is known before anything is opened", () => {
  const context = driverContext("ligne-1");
  const device = (slave: number, every: string) => ({
    id: `d${slave}`,
    slave,
    every,
    machine: `m${slave}`,
    signals: words(10),
  });
  const fits = plugin.options.parse({ port: "/dev/x", baud: 9600, devices: [device(1, "1s"), device(2, "1s")] });
  // 8 + 25 characters of 1.04 ms, two silences of 3.65 ms, 5 ms: 46.7 ms a request, two a second.
  expect(plugin.examine?.(fits, context)).toEqual({
    problems: [],
    report: [
      {
        fr: "ligne-1 : bus occupé à 9 %, 2 questions/s ; tour complet 93 ms, avec un appareil muet 323 ms, avec deux 552 ms",
        en: "ligne-1: bus 9 % used, 2 requests/s; worst cycle 93 ms, with one device dead 323 ms, with two 552 ms",
      },
    ],
  });
  const full = plugin.options.parse({ port: "/dev/x", baud: 9600, devices: [device(1, "40ms")] });
  expect(plugin.examine?.(full, context).problems[0]?.message.en).toMatch(
    /this plan needs 117 % of the bus: read 1.5 times less often.*d1 117 %/,
  );
});

test("a budget of nothing is nothing", () => {
  const budget = budgetOf([], costOf(paceOf({ port: "/dev/x", baud: 9600, parity: "none", stop_bits: 1 })));
  expect(tooFull(budget)).toBeUndefined();
  expect(budgetLine("x", budget).en).toContain("bus 0 % used");
});

test.each<[says: RegExp, device: object]>([
  [/devices.0.profile: there is no profile sdm121/, { profile: "sdm121" }],
  [
    /devices.0.signals.volts: profile eastron-sdm120 has no signal volts; it has voltage/,
    { profile: "eastron-sdm120", signals: ["volts"] },
  ],
  [/devices.0.signals.r: needs at, type and table/, { signals: { r: {} } }],
  [/devices.0.slave: say which slave id/, { signals: { r: { at: 1, type: "u16", table: "input" } }, slave: undefined }],
  [
    /devices.0.signals.r: say which machine/,
    { signals: { r: { at: 1, type: "u16", table: "input" } }, machine: undefined },
  ],
  [
    /span is for current loops; this signal is in V/,
    { profile: "eastron-sdm120", signals: { voltage: { span: [0, 10] } } },
  ],
  [/a coil is a bit: type must be bit/, { signals: { r: { at: 1, type: "u16", table: "coil" } } }],
])("a mistake in the site file is named with its place: %s", (says, device) => {
  expect(() => modbusDriver({ port: "/dev/x", devices: [{ id: "d", slave: 1, machine: "m", ...device }] })).toThrow(
    says,
  );
});

test("two slaves of one id on one line, and two signals on one point, are refused", () => {
  const one = { id: "a", slave: 1, machine: "m", signals: words(1) };
  expect(() => modbusDriver({ port: "/dev/x", devices: [one, { ...one, id: "b" }] })).toThrow(
    /slave 1 is a already: two devices cannot answer as one[\s\S]*m\/r0 is already fed by a r0/,
  );
});

test("signals of profiles are called by words, unless the site file has better ones", () => {
  const device = {
    id: "d",
    profile: "eastron-sdm630",
    slave: 1,
    machine: "m",
    signals: ["voltage_l1", "thd_current_l2"],
  };
  const titles = modbusDriver({ port: "/dev/x", devices: [device] }).points.map((point) => point.signal.title?.fr);
  expect(titles).toEqual(["Tension L1", "Distorsion de courant L2"]);
  const own = {
    ...device,
    signals: { voltage_l1: { title: { fr: "Réseau", en: "Mains" } }, power_active: { as: "press" } },
  };
  expect(modbusDriver({ port: "/dev/x", devices: [own] }).points.map((point) => point.signal.title?.fr)).toEqual([
    "Réseau",
    undefined,
  ]);
});

test("a manual that counts from 1 and swaps words is said once for a whole device", () => {
  const context = { id: "l", profile: () => undefined };
  const signals = {
    a: { at: 1, type: "u32", table: "holding" },
    b: { at: 3, type: "u32", table: "holding", order: "ABCD" },
  };
  const device = { id: "d", slave: 1, machine: "m", base: 1, order: "CDAB", signals };
  const { devices } = resolveDevices(modbusOptions.parse({ port: "/dev/x", devices: [device] }), context);
  expect(devices[0]?.tags.map((tag) => [tag.at, tag.meaning.order])).toEqual([
    [0, "CDAB"],
    [2, "ABCD"],
  ]);
});
