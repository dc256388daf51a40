import fc from "fast-check";
import { expect, test } from "vitest";
import type { Entry } from "../../../gateway/core/log.ts";
import { pointId } from "../../../gateway/core/point.ts";
import { bad, good, type Reading, uncertain } from "../../../gateway/core/reading.ts";
import { epochMs, steadyMs } from "../../../gateway/core/time.ts";
import { Spelling } from "../../../gateway/core/topics.ts";

const T = epochMs(1_790_000_000_123);
const entry = (seq: number, item: Reading): Entry<Reading> => ({
  seq,
  boot: 7,
  steady: steadyMs(5),
  tq: "synced",
  item,
});
const spelling = () => new Spelling((point) => (point === "tour-2/temp" ? "Cel" : "1"));

test("a reading is spelled as the contract says, whatever its value", () => {
  fc.assert(
    fc.property(fc.double(), (value) => {
      const item = good("tour-2/temp", T, value);
      const none = item.quality === "bad";
      expect(JSON.parse(spelling().reading(entry(3, item)))).toEqual({
        ...{
          t: T,
          v: none ? null : value === 0 ? 0 : value,
          u: "Cel",
          q: none ? "bad" : "good",
          tq: "synced",
          b: 7,
          s: 3,
        },
        ...(none && { why: "not_a_number" }),
      });
    }),
  );
});

test("a doubtful reading has its number and a reason, a bad one only a reason", () => {
  const words = spelling();
  expect(JSON.parse(words.reading(entry(1, uncertain("tour-2/temp", T, 20.7, "saturated"))))).toEqual({
    t: T,
    v: 20.7,
    u: "Cel",
    q: "uncertain",
    why: "saturated",
    tq: "synced",
    b: 7,
    s: 1,
  });
  expect(JSON.parse(words.reading(entry(2, bad("tour-2/temp", T, "timeout"))))).toEqual({
    t: T,
    v: null,
    u: "Cel",
    q: "bad",
    why: "timeout",
    tq: "synced",
    b: 7,
    s: 2,
  });
});

test("a number that is none is never spelled as a number", () => {
  const broken: Reading = { point: "tour-2/temp", t: T, quality: "good", value: Number.NaN };
  expect(JSON.parse(spelling().reading(entry(1, broken)))).toMatchObject({ v: null });
});

test("a scan holds every reading under its signal, each with its own sequence", () => {
  const scan = spelling().scan([
    entry(8, good("tour-2/temp", T, 81.5)),
    entry(9, bad("tour-2/oil", epochMs(T + 4), "crc")),
  ]);
  expect(JSON.parse(scan)).toEqual({
    t: T,
    tq: "synced",
    b: 7,
    r: {
      temp: { t: T, v: 81.5, u: "Cel", q: "good", s: 8 },
      oil: { t: T + 4, v: null, u: "1", q: "bad", why: "crc", s: 9 },
    },
  });
});

test("readings of one scan may differ in time, value and quality: each is spelled like a message of its own", () => {
  const some = fc.record({ value: fc.double(), late: fc.nat(3), doubtful: fc.boolean() });
  fc.assert(
    fc.property(fc.array(some, { minLength: 1, maxLength: 6 }), (rows) => {
      const entries = rows.map(({ value, late, doubtful }, i) => {
        const [point, t] = [pointId("tour-2", `s${i}`), epochMs(T + late)];
        return entry(
          i,
          doubtful && Number.isFinite(value) ? uncertain(point, t, value, "saturated") : good(point, t, value),
        );
      });
      const [first, ...rest] = entries;
      if (!first) throw new Error("at least one");
      const alone = entries.map((one, i) => {
        const { tq: _, b: __, ...own } = JSON.parse(spelling().reading(one));
        return [`s${i}`, own];
      });
      expect(JSON.parse(spelling().scan([first, ...rest])).r).toEqual(Object.fromEntries(alone));
    }),
  );
});
