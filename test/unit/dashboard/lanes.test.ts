import { describe, expect, test } from "vitest";
import { doingOf, sharesOf, troublesOf } from "../../../dashboard/src/chart/lanes.ts";
import type { AlarmState } from "../../../gateway/core/alarm.ts";
import type { AlarmAnswer, AlarmEventAnswer } from "../../../gateway/core/api.ts";
import type { Bucket } from "../../../gateway/core/history.ts";
import { epochMs } from "../../../gateway/core/time.ts";

const STEP = 10_000;
const said = (n: number, min: number, mean = min, max = min): Bucket => ({
  ...{ t: epochMs(n * STEP), min, mean, max, count: 1, bad: 0 },
});
const nothing = (n: number): Bucket => ({ t: epochMs(n * STEP), min: null, mean: null, max: null, count: 0, bad: 0 });
const OFF = 1;
const IDLE = 2;
const RUNNING = 3;

describe("what the machine was doing", () => {
  test("a state holds between two words, and stretches of one state are one", () => {
    const buckets = [said(0, OFF), nothing(1), nothing(2), said(3, RUNNING), nothing(4), said(5, RUNNING)];
    expect(doingOf(buckets, 6 * STEP)).toEqual([
      { from: 0, to: 30_000, state: "off", share: 1 },
      { from: 30_000, to: 60_000, state: "running", share: 1 },
    ]);
  });

  test("after a long silence nobody knows what it did", () => {
    const silence = Array.from({ length: 40 }, (_, i) => nothing(i + 1));
    const found = doingOf([said(0, RUNNING), ...silence, said(41, OFF)], 42 * STEP);
    expect(found).toHaveLength(2);
    // The state holds for as long as one word may be late, no longer.
    expect(found[0]?.to).toBeLessThanOrEqual(150_000);
    expect(found[1]?.from).toBe(41 * STEP);
  });

  test("a bucket with two states shows both; what most of it was goes on", () => {
    const found = doingOf([said(0, OFF, 2.5, RUNNING), nothing(1)], 2 * STEP);
    expect(found).toEqual([
      { from: 0, to: 10_000, state: "running", other: "off", share: 0.75 },
      { from: 10_000, to: 20_000, state: "running", share: 1 },
    ]);
  });

  test("the shares are of the time that is shown and known", () => {
    const doing = doingOf([said(0, OFF), said(1, IDLE), said(2, RUNNING), said(3, RUNNING)], 4 * STEP);
    expect(sharesOf(doing, STEP, 4 * STEP)).toEqual([
      { state: "idle", share: 1 / 3 },
      { state: "running", share: 2 / 3 },
    ]);
    expect(sharesOf([], 0, 1)).toBeUndefined();
  });

  test("where most buckets hold two states no shares are guessed", () => {
    const doing = doingOf([said(0, OFF, 2, RUNNING), said(1, OFF, 2, RUNNING), said(2, OFF)], 3 * STEP);
    expect(sharesOf(doing, 0, 3 * STEP)).toBeUndefined();
  });
});

describe("when something was wrong", () => {
  const alarm = (active: boolean, more: Partial<AlarmAnswer> = {}): AlarmAnswer =>
    ({
      id: "a",
      active,
      level: "watch",
      state: "unacked",
      since: 0,
      texts: { fr: "f", en: "e" },
      ...more,
    }) as AlarmAnswer;
  const event = (t: number, from: AlarmState, to: AlarmState, active: boolean, more: Partial<AlarmAnswer> = {}) =>
    ({ seq: t, t, from, to, alarm: alarm(active, { state: to, ...more }) }) as AlarmEventAnswer;

  test("from the moment it was raised to the moment its condition went, whenever it was acknowledged", () => {
    const events = [
      event(300, "returned", "normal", false),
      event(200, "unacked", "returned", false),
      event(100, "normal", "unacked", true),
    ];
    expect(troublesOf(events, [], 0, 1_000)).toEqual([
      { from: 100, to: 200, level: "watch", text: { fr: "f", en: "e" } },
    ]);
  });

  test("one that began before what is known begins at the edge, one that still holds goes on to the other", () => {
    const ended = event(50, "acked", "normal", false);
    expect(troublesOf([ended], [alarm(true, { id: "b", since: epochMs(80), level: "alert" })], 10, 100)).toMatchObject([
      { from: 10, to: 50 },
      { from: 80, to: 100, level: "alert" },
    ]);
  });

  test("one that got worse is an alert, one that waits for its delay or is shelved is nothing", () => {
    const worse = [event(1, "normal", "unacked", true), event(2, "unacked", "unacked", true, { level: "alert" })];
    expect(troublesOf(worse, [], 0, 9)).toMatchObject([{ from: 1, to: 9, level: "alert" }]);
    expect(troublesOf([event(1, "normal", "pending", true)], [], 0, 9)).toEqual([]);
    expect(troublesOf([], [alarm(true, { state: "shelved" })], 0, 9)).toEqual([]);
  });

  test("an acknowledgement after the end is no second trouble", () => {
    expect(troublesOf([event(5, "returned", "normal", false)], [], 0, 9)).toEqual([]);
  });
});
