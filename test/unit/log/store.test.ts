import { expect, test } from "vitest";
import type { AlarmEvent } from "../../../gateway/core/alarm.ts";
import type { Entry } from "../../../gateway/core/log.ts";
import { bad, good, type Reading, uncertain } from "../../../gateway/core/reading.ts";
import { epochMs } from "../../../gateway/core/time.ts";
import { VirtualClock } from "../../sim/clock.ts";
import { openTestStore, running, temporaryFolder } from "../../sim/store.ts";

const event = (id: string, t: number): AlarmEvent => ({
  t: epochMs(t),
  alarm: {
    id,
    machine: "tour-2",
    rule: "huile",
    class: "alarm",
    priority: "high",
    level: "alert",
    state: "unacked",
    active: true,
    occurrence: 1,
    since: epochMs(t),
    text: { fr: "trop chaud", en: "too hot" },
  },
  from: "normal",
  to: "unacked",
  by: "system",
  reason: "limit",
  quality: "good",
  annunciated: true,
});

async function everything<T>(log: {
  after(seq: number, limit: number): Promise<readonly Entry<T>[]>;
}): Promise<Entry<T>[]> {
  const all: Entry<T>[] = [];
  for (;;) {
    const some = await log.after(all.at(-1)?.seq ?? 0, 700);
    if (some.length === 0) return all;
    all.push(...some);
  }
}

test("what was saved is there after a restart, exactly as it was, and sequence numbers go on", async () => {
  const folder = temporaryFolder();
  const first = await openTestStore({ folder });
  const now = first.clock.now();
  const readings: Reading[] = [
    good("tour-2/power", now, 1234.5678),
    uncertain("tour-2/oil", now, -0.25, "saturated"),
    bad("tour-2/temp", now, "timeout"),
    ...Array.from({ length: 2_500 }, (_, i) => good(`scie-1/s${i % 7}`, epochMs(now - i), i / 3)),
  ];
  expect(await running(first.clock, first.store.readings.append(readings))).toBe(2_503);
  const written = await everything(first.store.readings);
  await first.close();

  const second = await openTestStore({
    folder,
    clock: new VirtualClock({ wall: now + 60_000, monotonic: 5 }),
    kernel: "two",
  });
  const read = await everything(second.store.readings);
  expect(read.map((entry) => entry.item)).toEqual(readings);
  expect(read).toEqual(written);
  expect(second.store.time.boot).toBe(2);
  expect(await running(second.clock, second.store.readings.append([good("tour-2/power", second.clock.now(), 1)]))).toBe(
    2_504,
  );
  const newest = (await second.store.readings.after(2_503, 10))[0];
  expect(newest).toMatchObject({ seq: 2_504, boot: 2, tq: "synced" });
  expect(newest?.steady).toBeGreaterThan(read.at(-1)?.steady ?? Infinity);
});

test("an alarm, its notice and the place of its engine are saved together", async () => {
  const folder = temporaryFolder();
  const { store, clock, close } = await openTestStore({ folder });
  await running(
    clock,
    store.cells.commit({
      cells: [{ kind: "alarm", key: "a1", value: { state: "unacked" } }],
      cursor: { follower: "alarms", seq: 17 },
      notices: [event("a1", clock.now())],
    }),
  );
  await close();
  const again = await openTestStore({ folder });
  expect(await again.store.cells.load("alarm")).toEqual(new Map([["a1", { state: "unacked" }]]));
  expect((await again.store.cells.load("cursor")).get("alarms")).toEqual({ seq: 17 });
  expect((await everything(again.store.notices)).map((entry) => entry.item.alarm.id)).toEqual(["a1"]);
});

test("a cell set to null is gone, a cell not yet on disk is seen", async () => {
  const { store, clock } = await openTestStore();
  void store.cells.commit({ cells: [{ kind: "k", key: "a", value: [1, "é"] }], urgent: false });
  expect(await store.cells.load("k")).toEqual(new Map([["a", [1, "é"]]]));
  await running(
    clock,
    store.cells.commit({
      cells: [
        { kind: "k", key: "a", value: null },
        { kind: "k", key: "b", value: 0 },
      ],
    }),
  );
  expect(await store.cells.load("k")).toEqual(new Map([["b", 0]]));
});

test("a raw vibration burst comes back sample by sample", async () => {
  const folder = temporaryFolder();
  const { store, clock, close } = await openTestStore({ folder });
  const burst = {
    point: "tour-2/spindle_z",
    t: clock.now(),
    rate: 3_200,
    samples: Float32Array.from([0.5, -1.25, 3]),
    clipped: false,
  } as const;
  await running(clock, store.bursts.append([burst]));
  await close();
  const again = await openTestStore({ folder });
  expect((await everything(again.store.bursts)).map((entry) => entry.item)).toEqual([burst]);
});

test("a second Vigie on the same folder is told so, and the first one goes on", async () => {
  const { folder, store, clock } = await openTestStore();
  await expect(openTestStore({ folder })).rejects.toThrow(
    /another Vigie \(process \d+\) already uses this data folder/,
  );
  expect(await running(clock, store.readings.append([good("m/s", clock.now(), 1)]))).toBe(1);
});

test("the ledger adds up: accepted is stored and dropped", async () => {
  const { store, clock, meters } = await openTestStore();
  await running(clock, store.readings.append(Array.from({ length: 345 }, (_, i) => good("m/s", clock.now(), i))));
  expect(meters.sum("readings_accepted_total")).toBe(345);
  expect(meters.sum("readings_stored_total") + meters.sum("readings_dropped_total")).toBe(345);
  expect(store.readings.head()).toEqual({ newest: 345, oldest: 1 });
});
