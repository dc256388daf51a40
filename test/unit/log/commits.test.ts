import pino from "pino";
import { expect, test } from "vitest";
import { Meters } from "../../../gateway/core/meter.ts";
import { good, type Reading } from "../../../gateway/core/reading.ts";
import { steadyMs } from "../../../gateway/core/time.ts";
import { Commits } from "../../../gateway/log/commits.ts";
import { Journal } from "../../../gateway/log/journal.ts";
import { Names } from "../../../gateway/log/names.ts";
import { burstsCodec, type Codec, noticesCodec, readingsCodec } from "../../../gateway/log/pack.ts";
import type { LogName, WriterCall } from "../../../gateway/log/protocol.ts";
import { StoreTrouble } from "../../../gateway/log/rpc.ts";
import { VirtualClock } from "../../sim/clock.ts";

type Told = Extract<WriterCall, { call: "commit" }>["commit"] & { at: number };

/** The committing half of a store on a disk that does what the test says. */
function onDisk(disk: { takes: () => Promise<void> } = { takes: async () => undefined }, bound = 1_000) {
  const clock = new VirtualClock();
  const meters = new Meters();
  const names = new Names();
  const told: Told[] = [];
  const journal = <T>(name: LogName, codec: Codec<T>): Journal<T> =>
    new Journal<T>({
      name,
      codec,
      names,
      clock,
      meters,
      keep: 100,
      bound,
      newest: 0,
      oldest: 0,
      next: 1,
      reserved: 0,
      gaps: [],
      stamp: (item, _, seq) => ({ seq, item, boot: 1, steady: steadyMs(clock.monotonic()), tq: "synced" }),
      steady: () => steadyMs(clock.monotonic()),
      settle: (entry) => entry,
      read: async () => [],
      tidy: async () => ({ removed: 0, purged: {} }),
      work: () => commits.work(),
      degraded: () => commits.degraded,
    });
  const journals = {
    readings: journal("readings", readingsCodec),
    notices: journal("notices", noticesCodec),
    bursts: journal("bursts", burstsCodec),
  };
  const writer = {
    async ask(call: WriterCall): Promise<never> {
      if (call.call === "newest") {
        await disk.takes();
        return { readings: 0, notices: 0, bursts: 0 } as never;
      }
      if (call.call === "commit") {
        await disk.takes();
        told.push({ ...call.commit, at: clock.monotonic() });
      }
      return null as never;
    },
  };
  const commits: Commits = new Commits({
    writer,
    journals,
    names,
    clock,
    say: pino({ level: "silent" }),
    meters,
    places: new Map(),
    version: 0,
    appendNotices: (notices) => void journals.notices.append(notices),
  });
  const readings = (count: number): Reading[] => Array.from({ length: count }, (_, i) => good("m/s", clock.now(), i));
  return { clock, meters, told, journals, commits, readings };
}

test("a lone reading waits less than a second for company", async () => {
  const { clock, told, journals, readings } = onDisk();
  await clock.advance(5_000);
  const started = clock.monotonic();
  void journals.readings.append(readings(1));
  await clock.advance(2_000);
  expect(told).toHaveLength(1);
  expect((told[0]?.at ?? 0) - started).toBe(900);
});

test("twenty readings go at once, but no sooner than 250 ms after the commit before", async () => {
  const { clock, told, journals, readings } = onDisk();
  await clock.advance(5_000);
  for (let i = 0; i < 40; i++) {
    void journals.readings.append(readings(20));
    await clock.advance(50);
  }
  await clock.advance(1_000);
  const pauses = told.slice(1).map((commit, i) => commit.at - (told[i]?.at ?? 0));
  expect(told.flatMap((commit) => commit.rows).reduce((sum, row) => sum + row.n, 0)).toBe(800);
  expect(Math.min(...pauses)).toBeGreaterThanOrEqual(250);
  expect(told.length).toBeGreaterThanOrEqual(8);
});

test("an alarm does not wait, and takes along what does", async () => {
  const { clock, told, journals, commits, readings } = onDisk();
  await clock.advance(5_000);
  void journals.readings.append(readings(3));
  await commits.commit({ cells: [{ kind: "alarm", key: "a", value: 1 }] });
  expect(told).toHaveLength(1);
  expect(told[0]).toMatchObject({ at: clock.monotonic(), cells: [{ kind: "alarm", key: "a", value: "1" }] });
  expect(told[0]?.rows.map((row) => row.n)).toEqual([3]);
});

test("places alone are not worth a commit of their own for five seconds", async () => {
  const { clock, told, commits } = onDisk();
  void commits.commit({ cursor: { follower: "mqtt", seq: 7 }, urgent: false });
  await clock.advance(4_900);
  expect(told).toHaveLength(0);
  await clock.advance(200);
  expect(JSON.parse(told[0]?.cursors ?? "")).toEqual({ v: 1, places: { mqtt: 7 } });
});

test("a disk that takes nothing: after 2 s followers see readings marked volatile, alarms go on, and saved is withheld", async () => {
  const disk = { takes: (): Promise<void> => Promise.reject(new StoreTrouble("disk", "database or disk is full")) };
  const { clock, told, journals, commits, readings, meters } = onDisk(disk);
  let saved = 0;
  void journals.readings.append(readings(5)).then((seq) => {
    saved = seq;
  });
  const alarm = commits.commit({ cells: [{ kind: "alarm", key: "a", value: 1 }] });
  await clock.advance(5_000);
  await alarm;
  expect(commits.degraded).toBe(true);
  expect(meters.sum("log_degraded")).toBe(1);
  // Nothing is reserved on this disk, so no number may be shown that could be used again.
  journals.readings.reserved = 1_000;
  expect(await journals.readings.after(0, 10)).toMatchObject([
    { volatile: true },
    {},
    {},
    {},
    { seq: 5, volatile: true },
  ]);
  expect(saved).toBe(0);

  disk.takes = async () => undefined;
  await clock.advance(6_000);
  expect(commits.degraded).toBe(false);
  expect(saved).toBe(5);
  expect(told.at(-1)).toMatchObject({ cells: [{ kind: "alarm", key: "a" }] });
  expect((await journals.readings.after(0, 10)).some((entry) => entry.volatile)).toBe(false);
});

test("a disk that takes five seconds stalls nobody: everything is saved in the end, in order", async () => {
  const { clock, told, journals, readings, meters } = onDisk({ takes: () => clock.sleep(5_000) });
  let saved = 0;
  for (let i = 0; i < 60; i++) {
    void journals.readings.append(readings(20)).then((seq) => {
      saved = seq;
    });
    await clock.advance(1_000);
  }
  await clock.advance(15_000);
  expect(saved).toBe(1_200);
  expect(
    told
      .flatMap((commit) => commit.rows.map((row) => row.first))
      .every((first, i, all) => i === 0 || first > (all[i - 1] ?? 0)),
  ).toBe(true);
  expect(meters.sum("readings_stored_total")).toBe(1_200);
});

test("memory is bounded: the oldest unsaved readings are given up, counted, and their callers told", async () => {
  const disk = { takes: (): Promise<void> => Promise.reject(new StoreTrouble("disk", "full")) };
  const { clock, told, journals, readings, meters } = onDisk(disk, 100);
  const outcomes: string[] = [];
  for (let i = 0; i < 15; i++) {
    void journals.readings.append(readings(10)).then(
      () => outcomes.push("saved"),
      (error: Error) => outcomes.push(error.message),
    );
    await clock.advance(1_000);
  }
  expect(meters.sum("readings_dropped_total", { reason: "memory_full" })).toBe(50);
  disk.takes = async () => undefined;
  await clock.advance(10_000);
  expect(outcomes.filter((outcome) => outcome === "saved")).toHaveLength(10);
  expect(outcomes.filter((outcome) => /memory is full/.test(outcome))).toHaveLength(5);
  expect(told.at(-1)?.gaps.map(({ first, last, why }) => [first, last, why]).length).toBeGreaterThan(0);
  const { accepted, stored, dropped } = {
    accepted: meters.sum("readings_accepted_total"),
    stored: meters.sum("readings_stored_total"),
    dropped: meters.sum("readings_dropped_total"),
  };
  expect({ accepted, stored, dropped }).toEqual({ accepted: 150, stored: 100, dropped: 50 });
  expect(journals.readings.count(0, 150)).toBe(100);
});

test("a cell that goes along with readings is in the commit that holds the last of them, never before", async () => {
  const { journals, told, clock, readings } = onDisk(undefined, 100_000);
  for (let i = 1; i <= 100; i++)
    void journals.readings.append(readings(300), undefined, [{ kind: "node", key: "n", value: i * 300 }]);
  await clock.advance(10_000);
  let last = 0;
  for (const { rows, cells } of told) {
    const held = rows.filter(({ log }) => log === "readings").map(({ first, n }) => first + n - 1);
    last = Math.max(last, ...held);
    for (const { value } of cells) expect(Number(value)).toBeLessThanOrEqual(last);
  }
  expect(told.length).toBeGreaterThan(1);
  expect(told.flatMap(({ cells }) => cells).at(-1)?.value).toBe("30000");
});
