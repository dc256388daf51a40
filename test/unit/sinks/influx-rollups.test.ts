import { expect, onTestFinished, test } from "vitest";
import type { Cells } from "../../../gateway/core/log.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import { bad, good, type Reading } from "../../../gateway/core/reading.ts";
import { epochMs, MINUTE, SECOND } from "../../../gateway/core/time.ts";
import influx from "../../../gateway/sinks/influx.ts";
import { refuse, scriptedInflux } from "../../sim/influx-scripted.ts";
import { Memory } from "../../sim/memory.ts";
import { quiet } from "../../sim/peers/kit.ts";
import { openTestStore, running, type TestStore } from "../../sim/store.ts";

const A = "tour-2/power";
const B = "scie-1/temp";

async function start() {
  const server = await scriptedInflux();
  onTestFinished(() => server.close());
  const t = await openTestStore();
  const cells = new Memory<Reading>();
  return { server, t, cells, sink: sinkOn(server.url, t, cells) };
}

function sinkOn(url: string, t: TestStore, cells: Cells) {
  const point = (id: typeof A | typeof B, unit: string) => {
    const [machine = "", name = ""] = id.split("/");
    return [
      id,
      { id, machine, signal: { name, unit, kind: "gauge", every: 1_000 }, driver: "d", device: "d" },
    ] as const;
  };
  return influx.create(influx.options.parse({ url, token: "t", bucket: "raw", rollups: "minutes" }), {
    ...{ id: "influx", clock: t.clock, meters: new Meters(), say: quiet, machines: new Map(), broker: undefined },
    site: { id: "atelier", name: "", timezone: "UTC", language: "fr" },
    ...{ points: new Map([point(A, "W"), point(B, "Cel")]), history: t.store.history, cells },
  });
}

/** Stores readings, and hands the sink what the log has of them, a few at a time. */
async function live(t: TestStore, sink: ReturnType<typeof sinkOn>, readings: readonly Reading[]) {
  let { newest } = t.store.readings.head();
  const last = await running(t.clock, t.store.readings.append(readings));
  while (newest < last) {
    const entries = await t.store.readings.after(newest, 5);
    await sink.apply(entries, "live");
    newest = entries.at(-1)?.seq ?? last;
  }
}

/** One a second, from the beginning of a minute on. */
const M = Date.UTC(2026, 2, 2, 8);
const seconds = (from: number, until: number, of: (i: number) => Reading[]) =>
  Array.from({ length: until - from }, (_, i) => of(from + i)).flat();
const fives = (from: number, until: number) => seconds(from, until, (i) => [good(A, at(i), 5)]);
const at = (second: number) => epochMs(M + second * SECOND);

const minutes = (server: Awaited<ReturnType<typeof scriptedInflux>>) =>
  server.writes.filter(({ path }) => path.includes("bucket=minutes")).flatMap(({ lines }) => lines);

test("each minute of each point is one line in the second bucket, from all of its readings", async () => {
  const { server, t, sink } = await start();
  const both = (i: number) => [good(A, at(i), i), i % 3 === 0 ? bad(B, at(i), "timeout") : good(B, at(i), 20.5)];
  await live(t, sink, seconds(0, 75, both));
  expect(minutes(server)).toEqual([
    `reading_1m,machine=tour-2,signal=power,site=atelier,unit=W min=0,mean=29.5,max=59,count=60i,bad=0i ${M}000000`,
    `reading_1m,machine=scie-1,signal=temp,site=atelier,unit=Cel min=20.5,mean=20.5,max=20.5,count=40i,bad=20i ${M}000000`,
  ]);
  expect(server.writes.some(({ path }) => path.includes("bucket=raw"))).toBe(true);
});

test("a reading that comes late changes its minute, and no other", async () => {
  const { server, t, sink } = await start();
  await live(t, sink, fives(0, 75));
  expect(minutes(server)).toHaveLength(1);
  await live(t, sink, [good(A, epochMs(M + 30_500), 99)]);
  expect(minutes(server)[1]).toMatch(new RegExp(` min=5,mean=6.5\\d+,max=99,count=61i,bad=0i ${M}000000$`));
  expect(minutes(server)).toHaveLength(2);
});

test("a second bucket that is not there holds up no reading, and the minutes come once it is", async () => {
  const { server, t, sink } = await start();
  server.behave(({ path }, response) =>
    path.includes("bucket=minutes") ? refuse(response, 404, "no bucket") : undefined,
  );
  await live(t, sink, fives(0, 140));
  const raw = server.writes.filter(({ path }) => path.includes("bucket=raw"));
  expect(raw.flatMap(({ lines }) => lines)).toHaveLength(140);
  // Asked once, and then left alone for a minute.
  expect(minutes(server)).toHaveLength(1);
  server.behave(() => undefined);
  await t.clock.advance(MINUTE);
  await live(t, sink, fives(140, 145));
  const stored = [...server.points.keys()].filter((key) => key.startsWith("reading_1m"));
  expect(stored.map((key) => key.split(" ")[1])).toEqual([`${M}000000`, `${M + MINUTE}000000`]);
});

test("a minute that was full when the gateway ended is written by the next one", async () => {
  const { server, t, cells, sink } = await start();
  await live(t, sink, [...fives(0, 75), ...seconds(75, 95, (i) => [good(B, at(i), 7)])]);
  expect(minutes(server)).toHaveLength(1);
  const next = sinkOn(server.url, t, cells);
  await live(t, next, fives(120, 135));
  expect(minutes(server).slice(1)).toEqual([
    expect.stringMatching(new RegExp(`signal=power.*count=15i,bad=0i ${M + MINUTE}000000$`)),
    expect.stringMatching(new RegExp(`signal=temp.*count=20i,bad=0i ${M + MINUTE}000000$`)),
  ]);
});
