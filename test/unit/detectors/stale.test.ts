import { describe, expect, test } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../../gateway/core/time.ts";
import stale from "../../../gateway/detectors/stale.ts";
import { contextOf, Player } from "./player.ts";

const play = (given: unknown = {}, signal = {}) =>
  new Player(
    stale,
    given,
    contextOf(stale, [{ name: "temp", title: { fr: "Température", en: "Temperature" }, ...signal }]),
  );

describe("stale", () => {
  test("a sensor that falls silent is noticed by the clock alone, and welcomed back", () => {
    const sensor = play({ after: "10s" });
    sensor.reading(20);
    expect(sensor.ticks(9 * SECOND)).toEqual([]);
    expect(sensor.ticks(SECOND)).toMatchObject([
      {
        active: true,
        level: "watch",
        text: { fr: "Température : plus de valeur depuis 10 s", en: "Temperature: no number for 10 s" },
      },
    ]);
    expect(sensor.ticks(HOUR)).toEqual([]);
    expect(sensor.wait(SECOND).reading(20)).toMatchObject({ active: false });
  });

  test("a device that answers nothing but errors is silent too, and the error is told", () => {
    const sensor = play({ after: "10s", level: "alert" });
    sensor.reading(20);
    for (let i = 0; i < 10; i++) sensor.wait(SECOND).bad("timeout");
    expect(sensor.findings).toMatchObject([
      { active: true, level: "alert", text: { en: "Temperature: no number for 10 s (no answer)" } },
    ]);
  });

  test("a point that never spoke is noticed", () => {
    expect(play({ after: "1min" }).ticks(2 * MINUTE)).toMatchObject([{ active: true }]);
  });

  test("a slow meter is given five of its periods, a fast one half a minute", () => {
    expect(play({}, { every: 15 * MINUTE }).ticks(74 * MINUTE)).toEqual([]);
    expect(play({}, { every: 15 * MINUTE }).ticks(76 * MINUTE)).toHaveLength(1);
    expect(play({}, { every: SECOND }).ticks(29 * SECOND)).toEqual([]);
    expect(play({}, { every: SECOND }).ticks(31 * SECOND)).toHaveLength(1);
  });

  test("a gateway that was off or asleep does not blame the sensors", () => {
    const sensor = play({ after: "10s" });
    sensor.reading(20);
    sensor.boot = 2;
    expect(sensor.wait(8 * SECOND).ticks(9 * SECOND)).toEqual([]);
    sensor.reading(20);
    expect(sensor.wait(HOUR).tick()).toBeUndefined();
    expect(sensor.ticks(9 * SECOND)).toEqual([]);
    expect(sensor.ticks(2 * SECOND)).toHaveLength(1);
  });

  test("a restart does not end a silence that was told", () => {
    const sensor = play({ after: "10s" });
    expect(sensor.ticks(11 * SECOND)).toHaveLength(1);
    sensor.boot = 2;
    expect(sensor.ticks(MINUTE)).toEqual([]);
  });

  test.each(["10", "-3s", "soon", 10])("after: %j is refused", (after) => {
    expect(stale.options.safeParse({ after }).success).toBe(false);
  });
});
