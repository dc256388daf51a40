import { expect, test } from "vitest";
import type { Bucket, Historian } from "../../gateway/core/history.ts";
import type { PointId } from "../../gateway/core/point.ts";
import { bad, good, numberOf, type Reading, uncertain, whyOf } from "../../gateway/core/reading.ts";
import { DAY, type EpochMs, epochMs, HOUR, MINUTE, SECOND } from "../../gateway/core/time.ts";

/** Noon, so that nothing lies on the edge of a day by chance. */
export const NOON = Date.UTC(2026, 2, 3, 12);

export const TEMPERATURE: PointId = "tour-2/temp";
export const ENERGY: PointId = "tour-2/energy";

const at = (ms: number) => epochMs(NOON + ms);

/** Nine hours of a temperature every 10 s: an hour missing, ten minutes bad, one reading uncertain. */
export const temperatures: readonly Reading[] = Array.from({ length: 9 * 360 }, (_, i): Reading => {
  const t = at(i * 10 * SECOND);
  if (t >= at(4 * HOUR) && t < at(4 * HOUR + 10 * MINUTE)) return bad(TEMPERATURE, t, "sensor_open");
  if (t === at(6 * HOUR)) return uncertain(TEMPERATURE, t, 99.5, "saturated");
  return good(TEMPERATURE, t, 20 + 5 * Math.sin(i / 100));
}).filter(({ t }) => t < at(2 * HOUR) || t >= at(3 * HOUR));

/** A counter of 0.01 kWh a minute for ten days: rolls over at 100 000 on the third, the meter is replaced on the sixth. */
export const energies: readonly Reading[] = Array.from({ length: 10 * 1_440 }, (_, i) => {
  const counted = 99_970 + i * 0.01;
  const shown = i < 3_000 ? counted : i < 8_000 ? counted - 100_000 : 3_500 + (i - 8_000) * 0.01;
  return good(ENERGY, at(i * MINUTE), Math.round(shown * 100) / 100);
});

/** What every store of the past must answer, whatever it is made of. `filled` hands over one that holds the readings above. */
export function historianSuite(name: string, filled: () => Promise<Historian>): void {
  const range = async (from: number, to: number, buckets: number) =>
    (await filled()).range(TEMPERATURE, at(from), at(to), buckets);

  test(`${name}: a range in buckets says lowest, mean, highest and how many`, async () => {
    const buckets = await range(0, HOUR, 6);
    expect(buckets).toEqual(expected(temperatures, at(0), at(HOUR), 6));
    expect(buckets.map((bucket) => bucket.count)).toEqual([60, 60, 60, 60, 60, 60]);
  });

  test(`${name}: ten days in hours are exactly what the single readings say`, async () => {
    const buckets = await (await filled()).range(ENERGY, at(0), at(10 * DAY), 240);
    expect(buckets).toEqual(expected(energies, at(0), at(10 * DAY), 240));
  });

  test(`${name}: an hour without readings is empty buckets, never a line drawn through`, async () => {
    const buckets = await range(HOUR, 4 * HOUR, 3);
    expect(buckets[1]).toMatchObject({ t: at(2 * HOUR), min: null, mean: null, max: null, count: 0, bad: 0 });
    expect(buckets.map((bucket) => bucket.count)).toEqual([360, 0, 360]);
  });

  test(`${name}: bad readings are counted with their cause and averaged into nothing`, async () => {
    const [bucket] = await range(4 * HOUR, 5 * HOUR, 1);
    expect(bucket).toMatchObject({ count: 300, bad: 60, why: "sensor_open" });
    expect(bucket?.max).toBeLessThanOrEqual(25);
    const [none] = await range(4 * HOUR, 4 * HOUR + 10 * MINUTE, 1);
    expect(none).toMatchObject({ min: null, mean: null, max: null, count: 0, bad: 60, why: "sensor_open" });
  });

  test(`${name}: an uncertain reading has its number`, async () => {
    expect((await range(6 * HOUR, 6 * HOUR + 10 * SECOND, 1))[0]).toMatchObject({ max: 99.5, count: 1, bad: 0 });
  });

  test(`${name}: a point that nobody knows is all gaps, and more than 2,000 buckets are never made`, async () => {
    const history = await filled();
    const unknown = await history.range("nobody/knows", at(0), at(HOUR), 4);
    expect(unknown.map((bucket) => bucket.count)).toEqual([0, 0, 0, 0]);
    expect((await history.range(TEMPERATURE, at(0), at(HOUR), 5_000)).length).toBeLessThanOrEqual(2_000);
    await expect(history.range(TEMPERATURE, at(HOUR), at(0), 4)).rejects.toThrow(RangeError);
  });

  test(`${name}: every single reading can be had, oldest first`, async () => {
    const found: unknown[] = [];
    for await (const sample of (await filled()).samples(TEMPERATURE, at(HOUR), at(7 * HOUR))) found.push(sample);
    const wanted = temperatures.filter(({ t }) => t >= at(HOUR) && t < at(7 * HOUR));
    expect(found).toEqual(wanted.map((r) => ({ t: r.t, value: numberOf(r), ...(whyOf(r) && { why: whyOf(r) }) })));
  });

  test(`${name}: a counter tells how much, over a roll-over and a replacement`, async () => {
    const history = await filled();
    const counted = (from: number, to: number) => history.counted(ENERGY, at(from), at(to));
    expect(await counted(0, HOUR)).toBeCloseTo(0.59, 6);
    // Over the roll-over nothing is lost; over the replacement only the one step that nobody saw.
    expect(await counted(2 * DAY, 2 * DAY + 4 * HOUR)).toBeCloseTo(2.39, 6);
    expect(await counted(5 * DAY, 6 * DAY)).toBeCloseTo(14.38, 6);
    expect(await counted(0, 10 * DAY)).toBeCloseTo(143.98, 1);
    expect(await counted(-2 * DAY, -DAY)).toBeNull();
  });
}

/** The same worked out the slow way. */
export function expected(readings: readonly Reading[], from: EpochMs, to: EpochMs, buckets: number): Bucket[] {
  const width = (to - from) / buckets;
  return Array.from({ length: buckets }, (_, i) => {
    const [a, b] = [from + i * width, from + (i + 1) * width];
    const inside = readings.filter(({ t }) => t >= a && t < b);
    const values = inside.map(numberOf).filter((value): value is number => value !== null);
    const none = values.length === 0;
    const bads = inside.filter(({ quality }) => quality === "bad");
    const why = bads[0] && whyOf(bads[0]);
    return {
      t: epochMs(a),
      min: none ? null : Math.min(...values),
      mean: none ? null : (expect.closeTo(values.reduce((sum, value) => sum + value, 0) / values.length, 9) as number),
      max: none ? null : Math.max(...values),
      count: values.length,
      bad: bads.length,
      ...(why && { why }),
    };
  });
}
