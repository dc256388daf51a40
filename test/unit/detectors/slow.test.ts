import { describe, expect, test } from "vitest";
import type { Signal } from "../../../gateway/core/point.ts";
import { DAY, HOUR, MINUTE } from "../../../gateway/core/time.ts";
import baseline from "../../../gateway/detectors/baseline.ts";
import drift from "../../../gateway/detectors/drift.ts";
import { noise } from "../../noise.ts";
import { contextOf, Player } from "./player.ts";

const temperature = { name: "bearing_temp", unit: "Cel", every: MINUTE, title: { fr: "Palier", en: "Bearing" } };
const power = { name: "power", unit: "kW", every: MINUTE };

/** Days of work from eight to five, a reading a minute; `value` by day, `load` by day. */
function days(
  player: Player,
  from: number,
  to: number,
  value: (day: number) => number,
  load?: (day: number) => number,
  hall?: (day: number) => number,
) {
  const rough = noise(from + 1);
  for (let day = from; day < to; day++) {
    for (let minute = 0; minute < 1_440; minute++) {
      player.wait(MINUTE);
      player.become(minute >= 480 && minute < 1_020 ? "running" : "off");
      if (hall) player.reading(hall(day), "ambient_temp");
      if (player.doing !== "running") continue;
      if (load) player.reading(load(day) + 0.05 * rough(), "power");
      player.reading(value(day) + 0.4 * rough());
    }
  }
  return player;
}

describe("drift", () => {
  const play = (signals: (Partial<Signal> & { name: string })[] = [temperature]) =>
    new Player(drift, {}, contextOf(drift, signals));

  test("a sensor that ages by a kelvin a day is a hint, then an alert, with its beginning", () => {
    const sensor = days(play(), 0, 10, () => 55);
    expect(sensor.findings).toEqual([]);
    days(sensor, 10, 22, (day) => 55 + (day - 10));
    expect(sensor.findings.map(({ level, active }) => [level, active])).toEqual([
      ["watch", true],
      ["alert", true],
    ]);
    const [, alert] = sensor.findings;
    expect(alert?.text.en).toMatch(/^Bearing 6\d(\.\d)? °C on average, usually 55(\.\d)? °C, moving away for days$/);
    const began = (sensor.now - (alert?.onset ?? 0)) / DAY;
    expect(began).toBeGreaterThan(7);
    expect(began).toBeLessThan(12);
  });

  test("honest wear and seasons of four kelvin a month are no news", () => {
    expect(days(play(), 0, 70, (day) => 55 + (4 * day) / 30).findings).toEqual([]);
  });

  test("a hot July around the machine is no hot bearing, where a point tells how warm it is", () => {
    const summer = (day: number) => Math.min(18, Math.max(0, day - 10));
    const hall = { name: "ambient_temp", unit: "Cel", every: MINUTE };
    const alone = days(play(), 0, 45, (day) => 55 + summer(day));
    expect(alone.findings.some(({ active }) => active)).toBe(true);
    const known = (fault: (day: number) => number) =>
      days(
        play([temperature, hall]),
        0,
        45,
        (day) => 55 + summer(day) + fault(day),
        undefined,
        (day) => 20 + summer(day),
      );
    expect(known(() => 0).findings).toEqual([]);
    const worn = known((day) => Math.max(0, day - 20));
    expect(worn.findings.at(-1)).toMatchObject({
      level: "alert",
      text: { en: expect.stringContaining("for the same air around it") },
    });
  });

  test("what a heavier job explains is no drift", () => {
    const heavy = (day: number) => (day % 3) * 2;
    const both = play([temperature, power]);
    days(
      both,
      0,
      12,
      (day) => 50 + 3 * heavy(day),
      (day) => 5 + heavy(day),
    );
    expect(
      days(
        both,
        12,
        20,
        () => 50 + 3 * 4,
        () => 5 + 4,
      ).findings,
    ).toEqual([]);
  });

  test("it ends when the level is back", () => {
    const sensor = days(play(), 0, 10, () => 55);
    days(sensor, 10, 18, () => 68);
    days(sensor, 18, 24, () => 55);
    expect(sensor.findings.at(-1)).toMatchObject({
      active: false,
      text: { fr: "Palier : revenu à son niveau habituel" },
    });
  });
});

describe("baseline", () => {
  const play = (given = {}) => new Player(baseline, given, contextOf(baseline, [temperature]));

  test("a bearing twenty kelvin warmer than it ever is at work is a hint after half an hour and an alert after four", () => {
    const bearing = days(play(), 0, 9, () => 55);
    expect(bearing.findings).toEqual([]);
    days(bearing, 9, 10, () => 75);
    expect(bearing.findings.map(({ level }) => level)).toEqual(["watch", "alert"]);
    expect(bearing.findings[0]).toMatchObject({
      active: true,
      text: { en: expect.stringMatching(/^Bearing 7\d.* °C, usually 5\d.* °C, while running$/) },
    });
  });

  test("a hiccup of ten minutes is nothing", () => {
    const bearing = days(play(), 0, 9, () => 55);
    bearing.wait(9 * HOUR).become("running");
    for (let i = 0; i < 10; i++) bearing.wait(MINUTE).reading(80);
    expect(bearing.findings).toEqual([]);
  });

  test("a fault is not learned while it lasts, but what stays for a week of work is how it is now", () => {
    const bearing = days(play(), 0, 9, () => 55);
    days(bearing, 9, 12, () => 75);
    expect(bearing.findings.at(-1)).toMatchObject({ active: true, level: "alert" });
    days(bearing, 12, 40, () => 75);
    expect(bearing.findings.at(-1)).toMatchObject({ active: false });
  });
});
