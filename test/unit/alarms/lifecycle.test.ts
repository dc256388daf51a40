import { expect, test } from "vitest";
import {
  type Life,
  type LifeEvent,
  type Manner,
  move,
  newborn,
  type Process,
  shown,
} from "../../../gateway/alarms/lifecycle.ts";
import type { AlarmState } from "../../../gateway/core/alarm.ts";

const plain: Manner = { delayed: false, latch: false, ackRequired: true, resetImpliesAck: false };
const active = (process: Process) => process === "unacked" || process === "acked";
const at = (process: Process, over: Partial<Life> = {}): Life => ({
  ...newborn,
  process,
  cond: active(process),
  occurrence: process === "normal" ? 0 : 1,
  ...over,
});

interface Case {
  row: number;
  from: Life;
  on: LifeEvent["kind"] | LifeEvent;
  manner?: Partial<Manner>;
  to?: AlarmState;
  process?: Process;
  loud?: boolean;
  occurrence?: number;
  effects?: string[];
  refused?: RegExp;
}

const shelve: LifeEvent = { kind: "shelve", shelf: "timed" };
const link = { kind: "suppress", cause: "link" } as const;
const unlink = { kind: "unsuppress", cause: "link" } as const;

const rows: Case[] = [
  { row: 1, from: at("normal"), on: "crossed", manner: { delayed: true }, to: "pending" },
  { row: 2, from: at("pending"), on: "back", to: "normal", effects: ["fleeting"] },
  { row: 3, from: at("normal"), on: "true", to: "unacked", loud: true, occurrence: 1 },
  { row: 3, from: at("pending", { occurrence: 4 }), on: "true", to: "unacked", loud: true, occurrence: 5 },
  { row: 4, from: at("unacked"), on: "ack", to: "acked", effects: ["quiet"] },
  { row: 5, from: at("unacked"), on: "false", to: "returned" },
  {
    row: 6,
    from: at("unacked"),
    on: "false",
    manner: { ackRequired: false },
    to: "normal",
    effects: ["quiet", "done"],
  },
  { row: 7, from: at("unacked"), on: "false", manner: { latch: true }, to: "latched-unacked" },
  { row: 7, from: at("unacked"), on: "false", manner: { latch: true, ackRequired: false }, to: "latched-unacked" },
  { row: 8, from: at("acked"), on: "false", to: "normal", effects: [] },
  { row: 9, from: at("acked"), on: "false", manner: { latch: true }, to: "latched-acked" },
  { row: 10, from: at("acked"), on: "worse", to: "unacked", loud: true, occurrence: 1 },
  { row: 10, from: at("acked"), on: "realarm", to: "unacked", loud: true, occurrence: 1 },
  { row: 11, from: at("returned"), on: "ack", to: "normal" },
  { row: 12, from: at("returned"), on: "true", to: "unacked", loud: true, occurrence: 2 },
  { row: 13, from: at("latched-unacked"), on: "ack", to: "latched-acked" },
  { row: 14, from: at("latched-unacked"), on: "true", to: "unacked", loud: true, occurrence: 2 },
  { row: 14, from: at("latched-acked"), on: "true", to: "unacked", loud: true, occurrence: 2 },
  { row: 15, from: at("latched-acked"), on: "reset", to: "normal" },
  { row: 16, from: at("latched-unacked"), on: "reset", refused: /acknowledge it before/ },
  { row: 16, from: at("latched-unacked"), on: "reset", manner: { resetImpliesAck: true }, to: "normal" },
  { row: 17, from: at("unacked"), on: shelve, to: "shelved", process: "unacked", effects: ["quiet"] },
  { row: 17, from: at("normal"), on: { kind: "shelve", shelf: "oneshot" }, to: "shelved", process: "normal" },
  { row: 18, from: at("unacked", { shelf: "timed" }), on: "unshelve", to: "acked" },
  { row: 18, from: at("returned", { shelf: "timed" }), on: "unshelve", to: "normal" },
  { row: 19, from: at("acked", { shelf: "timed" }), on: "shelf-over", to: "unacked", loud: true },
  { row: 19, from: at("returned", { shelf: "timed" }), on: "shelf-over", to: "normal" },
  { row: 20, from: at("acked", { shelf: "oneshot" }), on: "false", to: "normal" },
  { row: 20, from: at("unacked", { shelf: "oneshot" }), on: "false", to: "normal" },
  { row: 19, from: at("unacked", { shelf: "oneshot" }), on: "shelf-over", to: "unacked", loud: true },
  { row: 21, from: at("acked"), on: link, to: "suppressed", process: "acked" },
  { row: 22, from: at("acked", { causes: ["link"] }), on: unlink, to: "suppressed", effects: ["settle"] },
  { row: 22, from: at("acked", { settling: true }), on: "settled", to: "unacked", loud: true },
  { row: 22, from: at("returned", { settling: true }), on: "settled", to: "normal" },
  { row: 23, from: at("unacked"), on: "oos", to: "out-of-service", process: "unacked" },
  { row: 24, from: at("acked", { oos: true }), on: "return", to: "unacked", loud: true },
  { row: 24, from: at("returned", { oos: true }), on: "return", to: "normal" },
  { row: 24, from: at("latched-acked", { oos: true }), on: "return", to: "latched-acked" },
  { row: 25, from: at("unacked"), on: "bad", to: "unacked" },
  { row: 26, from: at("unacked"), on: "boot", to: "unacked", loud: false },
];

test.each(rows)("row $row: $from.process + $on → $to$refused", (row) => {
  const { from, on, manner, to, process, loud, occurrence, effects, refused } = row;
  const event = (typeof on === "string" ? { kind: on } : on) as LifeEvent;
  const moved = move(from, event, { ...plain, ...manner });
  expect(moved?.row).toBe(row.row);
  if (refused) return expect(moved).toMatchObject({ refused: expect.stringMatching(refused) });
  if (!moved || "refused" in moved) throw new Error("refused");
  expect(shown(moved.life)).toBe(to);
  if (process) expect(moved.life.process).toBe(process);
  if (loud !== undefined) expect(moved.effects.includes("annunciate")).toBe(loud);
  if (occurrence !== undefined) expect(moved.life.occurrence).toBe(occurrence);
  if (effects) expect(moved.effects).toEqual(effects);
});

test("every row of the table is in the list above", () => {
  expect([...new Set(rows.map((r) => r.row))].sort((a, b) => a - b)).toEqual(
    Array.from({ length: 26 }, (_, i) => i + 1),
  );
});

test("what is shown: disabled before out of service before suppressed before shelved before the process", () => {
  const all = at("unacked", { enabled: false, oos: true, causes: ["link"], shelf: "timed" });
  expect(shown(all)).toBe("disabled");
  expect(shown({ ...all, enabled: true })).toBe("out-of-service");
  expect(shown({ ...all, enabled: true, oos: false })).toBe("suppressed");
  expect(shown({ ...all, enabled: true, oos: false, causes: [], settling: true })).toBe("suppressed");
  expect(shown({ ...all, enabled: true, oos: false, causes: [] })).toBe("shelved");
});

test("bad quality freezes the process: neither a rise nor an end counts until it is good again", () => {
  const bad = move(at("unacked"), { kind: "bad" }, plain);
  if (!bad || "refused" in bad) throw new Error("refused");
  for (const kind of ["true", "false", "crossed", "back"] as const)
    expect(move(bad.life, { kind }, plain)).toBeUndefined();
  expect(move(bad.life, { kind: "ack" }, plain)).toMatchObject({ row: 4 });
});

test("two causes must both go before a suppressed alarm settles", () => {
  const both = at("acked", { causes: ["link", "maintenance"] });
  const one = move(both, unlink, plain);
  if (!one || "refused" in one) throw new Error("refused");
  expect(one.life).toMatchObject({ causes: ["maintenance"], settling: false });
});

test("a hand on an alarm that cannot move that way is told why", () => {
  const cases: [Process, LifeEvent["kind"]][] = [
    ["normal", "ack"],
    ["acked", "ack"],
    ["unacked", "reset"],
    ["normal", "unshelve"],
    ["normal", "return"],
  ];
  for (const [process, kind] of cases)
    expect(move(at(process), { kind } as LifeEvent, plain)).toMatchObject({ refused: expect.any(String) });
  expect(move(at("unacked", { enabled: false }), { kind: "ack" }, plain)).toMatchObject({
    refused: expect.stringMatching(/disabled|nothing/),
  });
});
