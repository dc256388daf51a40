import { describe, expect, test } from "vitest";
import {
  editsFor,
  editsForNode,
  type FoundDevice,
  idOf,
  numberOf,
  plausible,
  powerCheck,
  proposedSignals,
  withinTolerance,
} from "../../../dashboard/src/commission.ts";
import { changedLines } from "../../../dashboard/src/diff.ts";
import { headline } from "../../../dashboard/src/headline.ts";
import { adviceFor, errorsOf } from "../../../dashboard/src/wiring.ts";

const meter: FoundDevice = {
  kind: "found",
  slave: 17,
  baud: 2_400,
  parity: "even",
  stopBits: 1,
  profiles: [{ id: "eastron-sdm120", vendor: "Eastron", model: "SDM120", score: 1 }],
  sample: [
    { signal: "voltage", value: 231, unit: "V" },
    { signal: "max_demand", value: 3, unit: "W" },
    { signal: "power_active", value: 400, unit: "W" },
  ],
};

describe("a device found on a line", () => {
  test("is written as a new line with its settings, and its machine where that is new", () => {
    const known = {
      port: "/dev/serial/by-id/usb-x",
      device: meter,
      profile: "eastron-sdm120",
      deviceId: "compteur",
      signals: ["voltage"],
    };
    expect(editsFor({ ...known, machine: { id: "scie", name: "Scie" } })).toEqual([
      { path: ["machines"], add: true, value: { id: "scie", name: "Scie" } },
      {
        path: ["drivers"],
        add: true,
        value: {
          id: "ligne-compteur",
          type: "modbus",
          port: "/dev/serial/by-id/usb-x",
          baud: 2_400,
          parity: "even",
          devices: [
            {
              id: "compteur",
              profile: "eastron-sdm120",
              slave: 17,
              every: "1s",
              machine: "scie",
              signals: ["voltage"],
            },
          ],
        },
      },
    ]);
    const [line] = editsFor({ ...known, port: "tcp://box:502", machine: { id: "scie" } });
    expect(JSON.stringify(line)).not.toContain("baud");
  });

  test("with names and decodings of one's own every signal is written out", () => {
    const custom = [
      ...[
        { signal: "bath", title: "Bain", unit: "Cel", table: "holding", at: 4, type: "s16", order: "ABCD", scale: 0.1 },
      ],
      ...[{ signal: "flow", title: "Débit", unit: "L/h", table: "input", at: 8, type: "f32", order: "CDAB", scale: 1 }],
    ] as const;
    const known = { port: "tcp://box:502", device: meter, deviceId: "x", signals: ["voltage", "current"] };
    const [line] = editsFor({ ...known, profile: "p", titles: { voltage: "Réseau" }, custom, machine: { id: "m" } });
    expect(line).toMatchObject({
      value: {
        devices: [
          {
            signals: {
              voltage: { title: "Réseau" },
              current: {},
              bath: { title: "Bain", unit: "Cel", table: "holding", at: 4, type: "s16", scale: 0.1 },
              flow: { at: 8, order: "CDAB" },
            },
          },
        ],
      },
    });
    expect(JSON.stringify(editsFor({ ...known, custom, signals: [], machine: { id: "m" } }))).not.toContain("profile");
  });

  test("on a line that is read already only the device is added", () => {
    const known = { port: "ligne-1", device: meter, profile: "p", deviceId: "x", signals: ["voltage"], line: 3 };
    expect(editsFor({ ...known, machine: { id: "m" } })).toEqual([
      {
        path: ["drivers", 3, "devices"],
        add: true,
        value: { id: "x", profile: "p", slave: 17, every: "1s", machine: "m", signals: ["voltage"] },
      },
    ]);
  });

  test("a node is taken at the place of its driver, its channels with their unit", () => {
    const channels = [
      { name: "temp", unit: "Cel", kind: "gauge" },
      { name: "starts", unit: "1", kind: "counter" },
    ];
    expect(editsForNode(2, "node-7", channels, { id: "scie", name: "Scie" })).toEqual([
      { path: ["machines"], add: true, value: { id: "scie", name: "Scie" } },
      {
        path: ["drivers", 2, "nodes"],
        add: true,
        value: {
          id: "node-7",
          machine: "scie",
          channels: { temp: { unit: "Cel" }, starts: { unit: "1", kind: "counter" } },
        },
      },
    ]);
  });

  test("what a healthy installation shows decides where the profile says it", () => {
    expect(plausible("voltage", 231, "V", [100, 130])).toBe(false);
    expect(plausible("power_active", 400, "W", [0, 500])).toBe(true);
  });

  test("a clamp that is turned round shows when voltage, current and power are put together", () => {
    const rows = (power: number) => [
      { signal: "voltage", value: 230, unit: "V" },
      { signal: "current", value: 10, unit: "A" },
      { signal: "power_factor", value: 0.9, unit: "1" },
      { signal: "power_active", value: power, unit: "W" },
    ];
    expect(powerCheck(rows(2_050))?.fits).toBe(true);
    expect(powerCheck(rows(-2_050))?.fits).toBe(false);
    expect(powerCheck(rows(2_050).slice(1))).toBeUndefined();
  });

  test("a reference is typed with a comma or a point, and agrees within the tolerance", () => {
    expect([numberOf("230,4"), numberOf("1 204.5"), numberOf("−3"), numberOf("abc"), numberOf("")]).toEqual([
      ...[230.4, 1_204.5, -3, undefined, undefined],
    ]);
    expect(withinTolerance(232, 230, 1)).toBe(true);
    expect(withinTolerance(233, 230, 1)).toBe(false);
    expect(withinTolerance(0, 0, 1)).toBe(true);
  });

  test("offers the signals that nearly everybody wants, else the first ones", () => {
    expect([...proposedSignals(meter.sample)]).toEqual(["voltage", "power_active"]);
    const odd = Array.from({ length: 9 }, (_, i) => ({ signal: `x${i}`, value: 0, unit: "1" }));
    expect([...proposedSignals(odd)]).toHaveLength(6);
  });

  test("a value that cannot be is called surprising, one that nobody can judge is left alone", () => {
    expect(plausible("voltage", 231, "V")).toBe(true);
    expect(plausible("voltage", 400, "V")).toBe(true);
    expect(plausible("voltage", 2_310, "V")).toBe(false);
    expect(plausible("frequency", 60, "Hz")).toBe(false);
    expect(plausible("power_factor", -1, "1")).toBe(true);
    expect(plausible("power_active", 400, "W")).toBeUndefined();
  });

  test("ids are made of names as people write them", () => {
    expect(idOf("Scie à ruban n° 2")).toBe("scie-a-ruban-n-2");
    expect(idOf("  Élévateur ")).toBe("elevateur");
  });
});

describe("the comparison of two site files", () => {
  test("shows what was added, removed and changed, in order, with its line", () => {
    expect(changedLines("a\nb\nc", "a\nb\nx\nc")).toEqual([{ sign: "+", line: "x", at: 3 }]);
    expect(changedLines("a\nb\nc", "a\nc")).toEqual([{ sign: "-", line: "b", at: 2 }]);
    expect(changedLines("a\nb\nc\nd\ne", "a\nB\nc\nD\ne").map(({ sign, line }) => sign + line)).toEqual([
      "-b",
      "+B",
      "-d",
      "+D",
    ]);
    expect(changedLines("a", "a")).toEqual([]);
  });

  test("two big files without anything in common do not stall the page", () => {
    const [a, b] = ["a", "b"].map((letter) => Array.from({ length: 5_000 }, (_, i) => letter + i).join("\n"));
    expect(changedLines(a ?? "", b ?? "")).toHaveLength(10_000);
  });
});

test("a long text is cut at its first full stop, not at a decimal point", () => {
  const long = `Perte de charge 0,5 bar depuis 06:30 (cf. notice). Limite 1.5 bar atteinte vers 07:00. ${"Encore un mot. ".repeat(5)}`;
  expect(headline(long)[0]).toBe("Perte de charge 0,5 bar depuis 06:30 (cf. notice).");
  expect(headline("Court. Mais deux.")).toEqual(["Court. Mais deux.", ""]);
});

test("errors of a device become advice for its wire, the most frequent first", () => {
  const device = {
    id: "a",
    state: "degraded",
    about: { slave: 1, errors_timeout: 2, errors_crc: 9, errors_busy: 0 },
  } as const;
  expect(errorsOf(device)).toEqual([
    { kind: "crc", count: 9 },
    { kind: "timeout", count: 2 },
  ]);
  expect(adviceFor(device)).toBe("noise");
  expect(adviceFor({ ...device, state: "silent" })).toBe("silent");
  expect(adviceFor({ ...device, state: "ok" })).toBeUndefined();
});
