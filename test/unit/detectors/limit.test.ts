import { describe, expect, test } from "vitest";
import limit from "../../../gateway/detectors/limit.ts";
import { contextOf, Player } from "./player.ts";

const pressure = { name: "oil_pressure", unit: "bar", title: { fr: "Pression d'huile", en: "Oil pressure" } };
const play = (given: unknown, signal = {}) => new Player(limit, given, contextOf(limit, [{ ...pressure, ...signal }]));

describe("limit", () => {
  test("says once that a value is too high, with the number and the limit, and once that it is back", () => {
    const oil = play({ high: 8, deadband: 0.5 });
    expect(oil.reading(7.9)).toBeUndefined();
    expect(oil.reading(8.24)).toMatchObject({
      active: true,
      level: "alert",
      value: 8.24,
      limit: 8,
      text: {
        fr: "Pression d'huile 8,24 bar, au-dessus de 8 bar",
        en: "Oil pressure 8.24 bar, above 8 bar",
      },
    });
    expect(oil.reading(9)).toBeUndefined();
    expect(oil.reading(7.4)).toMatchObject({
      active: false,
      text: { en: "Oil pressure 7.4 bar, back within limits" },
    });
    expect(oil.reading(7.4)).toBeUndefined();
  });

  test("a value that trembles around the limit is one finding, not ten", () => {
    const oil = play({ high: 8, deadband: 0.5 });
    for (const value of [8.1, 7.9, 8.2, 7.8, 8.1, 7.6, 8.05]) oil.reading(value);
    expect(oil.findings).toHaveLength(1);
  });

  test("without a dead band it takes one per cent of the range, or two of the limit", () => {
    const ranged = play({ high: 8 }, { range: [0, 100] });
    ranged.reading(8.1);
    expect(ranged.reading(7.01)).toBeUndefined();
    expect(ranged.reading(6.99)).toMatchObject({ active: false });
    const plain = play({ high: 8 });
    plain.reading(8.1);
    expect(plain.reading(7.85)).toBeUndefined();
    expect(plain.reading(7.83)).toMatchObject({ active: false });
  });

  test("a meter that can show ±5 MW lets go of an alarm at 3 kW", () => {
    const power = play({ high: 3_000 }, { unit: "W", range: [-5e6, 5e6] });
    power.reading(4_200);
    expect(power.reading(2_450)).toBeUndefined();
    expect(power.reading(1_100)).toMatchObject({ active: false });
  });

  test("watches both sides, and a leap from one to the other is news", () => {
    const oil = play({ low: 1, high: 8 });
    expect(oil.reading(0.5)).toMatchObject({
      active: true,
      limit: 1,
      text: { en: "Oil pressure 0.5 bar, below 1 bar" },
    });
    expect(oil.reading(9)).toMatchObject({ active: true, limit: 8 });
    expect(oil.reading(4)).toMatchObject({ active: false });
  });

  test("a bad reading neither raises nor clears", () => {
    const oil = play({ low: 1 });
    expect(oil.bad("timeout")).toBeUndefined();
    oil.reading(0.5);
    expect(oil.bad("timeout")).toBeUndefined();
    expect(oil.reading(3)).toMatchObject({ active: false });
  });

  test("no oil pressure is an alert while running and nothing while off; a transition changes nothing", () => {
    const oil = play({ states: { running: { low: 1 } } }).become("off");
    expect(oil.reading(0)).toBeUndefined();
    expect(oil.become("transient").reading(0)).toBeUndefined();
    expect(oil.become("running").reading(0)).toMatchObject({
      active: true,
      text: { fr: "Pression d'huile 0 bar, en dessous de 1 bar, machine en marche" },
    });
    expect(oil.become("transient").reading(0)).toBeUndefined();
    expect(oil.become("off").reading(0)).toMatchObject({ active: false });
  });

  test("a state without limits of its own has those of the rule", () => {
    const oil = play({ high: 8, states: { running: { high: 10 } } }).become("running");
    expect(oil.reading(9)).toBeUndefined();
    expect(oil.become("idle").reading(9)).toMatchObject({ active: true, limit: 8 });
  });

  test.each([
    [{}, "give at least one of low and high"],
    [{ low: 8, high: 1 }, "low must be below high"],
    [{ states: { running: { low: 8, high: 1 } } }, "low must be below high"],
    [{ hihg: 3 }, "hihg"],
  ])("%j is refused", (given, why) => {
    expect(limit.options.safeParse(given).error?.message).toContain(why);
  });
});
