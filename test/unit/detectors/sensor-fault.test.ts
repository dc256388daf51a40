import { describe, expect, test } from "vitest";
import type { Signal } from "../../../gateway/core/point.ts";
import { MINUTE, SECOND } from "../../../gateway/core/time.ts";
import sensorFault from "../../../gateway/detectors/sensor-fault.ts";
import { noise } from "../../noise.ts";
import { contextOf, Player } from "./player.ts";

const play = (signal: Partial<Signal> = {}) =>
  new Player(sensorFault, {}, contextOf(sensorFault, [{ name: "temp", unit: "Cel", every: 10 * SECOND, ...signal }]));

/** A healthy signal that moves. */
function lively(player: Player, readings: number, level = 40) {
  const rough = noise(2);
  for (let i = 0; i < readings; i++) player.wait(10 * SECOND).reading(level + rough());
  return player;
}

describe("sensor-fault", () => {
  test("18: a value that stands still while the machine works is a frozen sensor, and silences that point", () => {
    const sensor = lively(play().become("running"), 300);
    for (let i = 0; i < 100; i++) sensor.wait(10 * SECOND).reading(41.5);
    expect(sensor.findings).toMatchObject([
      {
        active: true,
        part: "sensor",
        silences: "lathe/temp",
        text: { en: "temp 41.5 °C: does not move at all any more: sensor frozen?" },
      },
    ]);
    expect(sensor.wait(10 * SECOND).reading(40)).toMatchObject({ active: false, silences: "lathe/temp" });
  });

  test("a machine that is off may stand still for a night", () => {
    const sensor = lively(play().become("running"), 300).become("off");
    for (let i = 0; i < 4_000; i++) sensor.wait(10 * SECOND).reading(39);
    expect(sensor.findings).toEqual([]);
  });

  test("a signal that always rests for long is given five times its longest rest", () => {
    const sensor = play().become("running");
    const rest = (value: number, readings: number) => {
      for (let i = 0; i < readings; i++) sensor.wait(MINUTE).reading(value);
    };
    for (let i = 0; i < 120; i++) rest(i % 2, 60);
    rest(0, 280);
    expect(sensor.findings).toEqual([]);
    rest(0, 60);
    expect(sensor.findings).toMatchObject([{ active: true }]);
  });

  test("19: a temperature that leaps by thirty kelvin in a reading and stays is a sensor, one spike is nothing", () => {
    const sensor = lively(play().become("running"), 300);
    sensor.wait(10 * SECOND).reading(95);
    lively(sensor, 20);
    expect(sensor.findings).toEqual([]);
    lively(sensor, 10, 75);
    expect(sensor.findings).toMatchObject([{ active: true, text: { fr: expect.stringContaining("a sauté") } }]);
  });

  test("a signal that has lost its noise is no signal; one that only moves in rare steps is", () => {
    const rough = noise(5);
    const sensor = lively(play().become("running"), 600);
    for (let i = 0; i < 300; i++) sensor.wait(10 * SECOND).reading(40 + 0.002 * rough());
    expect(sensor.findings).toMatchObject([
      { active: true, text: { en: expect.stringContaining("lost its usual noise") } },
    ]);
    lively(sensor, 50);
    expect(sensor.findings.at(-1)).toMatchObject({ active: false });
    const coarse = play().become("running");
    for (let i = 0; i < 8_000; i++) coarse.wait(10 * SECOND).reading(40 + (Math.floor(i / (i < 4_000 ? 10 : 45)) % 2));
    expect(coarse.findings).toEqual([]);
  });

  test("a broken wire is told by the device's own words; a silent bus says nothing of the sensor", () => {
    const sensor = lively(play(), 30);
    for (let i = 0; i < 20; i++) sensor.wait(10 * SECOND).bad("timeout");
    expect(sensor.findings).toEqual([]);
    for (let i = 0; i < 5; i++) sensor.wait(10 * SECOND).bad("sensor_open");
    expect(sensor.findings).toMatchObject([{ active: true, text: { en: "temp: sensor unplugged or wire broken" } }]);
  });

  test("a measurement at the upper end of its range is saturated; at the lower end the machine is just off", () => {
    const pressure = play({ unit: "bar", range: [0, 16] });
    for (let i = 0; i < 60; i++) pressure.wait(SECOND).reading(0);
    expect(pressure.findings).toEqual([]);
    for (let i = 0; i < 20; i++) pressure.wait(SECOND).reading(16);
    expect(pressure.findings).toMatchObject([{ active: true, text: { en: "temp 16 bar: at the end of its range" } }]);
  });
});
