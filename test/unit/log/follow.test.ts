import pino from "pino";
import { expect, test } from "vitest";
import { type Entry, type Follower, type Lane, NotNow } from "../../../gateway/core/log.ts";
import { good, type Reading } from "../../../gateway/core/reading.ts";
import { follow } from "../../../gateway/log/follow.ts";
import { openTestStore, running, type TestStore, temporaryFolder } from "../../sim/store.ts";

interface Watched extends Follower<Reading> {
  got: { seq: number; lane: Lane; at: number }[];
  fail: Error | undefined;
}

function watched(t: TestStore, name: string, more: Partial<Follower<Reading>> = {}): Watched {
  const follower: Watched = {
    name,
    got: [],
    fail: undefined,
    async apply(batch: readonly Entry<Reading>[], lane) {
      if (follower.fail) throw follower.fail;
      for (const { seq } of batch) follower.got.push({ seq, lane, at: t.clock.monotonic() });
    },
    ...more,
  };
  return follower;
}

function start(t: TestStore, follower: Follower<Reading>): () => Promise<void> {
  const ending = new AbortController();
  const { store, clock, meters } = t;
  const done = follow(store.readings, follower, {
    cells: store.cells,
    clock,
    meters,
    say: pino({ level: "silent" }),
    signal: ending.signal,
  });
  return async () => {
    ending.abort();
    await running(clock, done);
  };
}

const some = (t: TestStore, count: number) => Array.from({ length: count }, (_, i) => good("m/s", t.clock.now(), i));
const seqs = (follower: Watched, lane?: Lane) => follower.got.filter((g) => !lane || g.lane === lane).map((g) => g.seq);
const oneTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

test("a follower gets every reading once, in order, and goes on from its place after a restart", async () => {
  const folder = temporaryFolder();
  const t = await openTestStore({ folder });
  const first = watched(t, "mqtt");
  const stop = start(t, first);
  await running(t.clock, t.store.readings.append(some(t, 2_300)));
  await t.clock.until(() => first.got.length === 2_300);
  await stop();
  await t.close();

  const again = await openTestStore({ folder, clock: t.clock });
  const second = watched(again, "mqtt");
  const stopAgain = start(again, second);
  await running(again.clock, again.store.readings.append(some(again, 40)));
  await again.clock.until(() => second.got.length >= 40);
  await stopAgain();
  expect(seqs(first)).toEqual(oneTo(2_300));
  expect(seqs(second)).toEqual(oneTo(2_340, 2_301));
  expect(again.meters.sum("follower_delivered_total", { follower: "mqtt" })).toBe(40);
});

test("a follower that fails gets the same readings again, with longer and longer pauses, and says so once", async () => {
  const t = await openTestStore();
  let calls = 0;
  const follower = watched(t, "influx", {
    apply: async () => {
      calls++;
      throw new Error("no route to host");
    },
  });
  const said: string[] = [];
  const ending = new AbortController();
  const say = pino({}, { write: (line: string) => void said.push(JSON.parse(line).msg) });
  const { store, clock, meters } = t;
  const done = follow(store.readings, follower, { cells: store.cells, clock, meters, say, signal: ending.signal });
  void store.readings.append(some(t, 5));
  await clock.advance(10 * 60_000);
  // 1 + 2 + 4 + … up to a minute each, at least half of that: 10 to 27 tries in ten minutes.
  expect(calls).toBeGreaterThanOrEqual(10);
  expect(calls).toBeLessThanOrEqual(27);
  expect(said.filter((line) => line.includes("no route to host"))).toHaveLength(1);
  ending.abort();
  await running(clock, done);
});

test("a server that says when to come back is not asked sooner", async () => {
  const t = await openTestStore();
  const times: number[] = [];
  const follower = watched(t, "influx", {
    apply: async () => {
      times.push(t.clock.monotonic());
      if (times.length === 1) throw new NotNow("busy", 42_000);
    },
  });
  const stop = start(t, follower);
  void t.store.readings.append(some(t, 1));
  await t.clock.advance(60_000);
  await stop();
  expect(times).toHaveLength(2);
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(42_000);
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeLessThan(43_000);
});

test("a follower far behind gets what is new first; the backlog follows in order, and nothing is missing", async () => {
  const t = await openTestStore();
  const follower = watched(t, "influx", { batch: 100 });
  follower.fail = new Error("down");
  const stop = start(t, follower);
  for (let i = 0; i < 30; i++) {
    void t.store.readings.append(some(t, 20));
    await t.clock.advance(1_000);
  }
  await t.clock.until(() => t.store.readings.head().newest === 600);
  follower.fail = undefined;
  for (let i = 0; i < 120 && new Set(seqs(follower)).size < 600; i++) {
    void t.store.readings.append(some(t, 1));
    await t.clock.advance(1_000);
  }
  await stop();
  const [live, backlog] = [seqs(follower, "live"), seqs(follower, "backlog")];
  const newest = Math.max(...live, ...backlog);
  expect(backlog.length).toBeGreaterThan(400);
  expect(backlog).toEqual([...backlog].sort((a, b) => a - b));
  expect(live).toEqual([...live].sort((a, b) => a - b));
  expect([...live, ...backlog].sort((a, b) => a - b)).toEqual(oneTo(newest));
  // The first thing after the outage is not the oldest reading.
  expect(follower.got[0]?.lane).toBe("live");
  expect(follower.got[0]?.seq).toBeGreaterThan(400);
});

test("detectors get everything in order, however far behind they are", async () => {
  const t = await openTestStore();
  const follower = watched(t, "alarms", { batch: 50, ordered: true });
  follower.fail = new Error("not yet");
  const stop = start(t, follower);
  for (let i = 0; i < 20; i++) {
    void t.store.readings.append(some(t, 20));
    await t.clock.advance(1_000);
  }
  follower.fail = undefined;
  await t.clock.until(() => follower.got.length >= 400, { limit: 120_000, step: 500 });
  await stop();
  expect(seqs(follower, "live")).toEqual(oneTo(400));
});

test("what is in the log when the gateway stops is still delivered", async () => {
  const t = await openTestStore();
  const follower = watched(t, "mqtt");
  const stop = start(t, follower);
  await t.clock.advance(100);
  await running(t.clock, t.store.readings.append(some(t, 3_000)));
  await stop();
  expect(seqs(follower)).toEqual(oneTo(3_000));
});

test("two followers of one name are refused, on whatever logs, because they would share one place; after the first has ended its name is free", async () => {
  const t = await openTestStore();
  const { store, clock, meters } = t;
  const stop = start(t, watched(t, "mail"));
  const ending = new AbortController();
  const options = { cells: store.cells, clock, meters, say: pino({ level: "silent" }), signal: ending.signal };
  const second = () => follow(store.notices, { name: "mail", apply: async () => undefined }, options);
  await expect(second()).rejects.toThrow(/two followers are called mail/);
  await stop();
  ending.abort();
  await running(clock, second());
});
