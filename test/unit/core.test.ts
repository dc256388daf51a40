import { expect, test } from "vitest";
import { Meters } from "../../gateway/core/meter.ts";
import { bad, good, numberOf } from "../../gateway/core/reading.ts";
import { epochMs } from "../../gateway/core/time.ts";
import { parseAckTopic, topics } from "../../gateway/core/topics.ts";
import { ucum } from "../../gateway/core/unit.ts";

test("a value that is not a number becomes a bad reading, never a number", () => {
  for (const none of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
    expect(good("tour-2/power", epochMs(5), none)).toEqual(bad("tour-2/power", epochMs(5), "not_a_number"));
  expect(numberOf(bad("tour-2/power", epochMs(5), "timeout"))).toBeNull();
});

test("an acknowledge topic is read back, any other topic is not", () => {
  expect(parseAckTopic("atelier", `${topics.alarm("atelier", "tour-2", "huile")}/ack`)).toEqual({
    machine: "tour-2",
    alarm: "huile",
  });
  for (const topic of ["vigie/v1/autre/tour-2/$alarm/huile/ack", "vigie/v1/atelier/tour-2/power", "", "a/b/c"])
    expect(parseAckTopic("atelier", topic)).toBeUndefined();
});

test("units found in data sheets become UCUM", () => {
  expect(["degC", "°C", "rpm", "kWh", ""].map(ucum)).toEqual(["Cel", "Cel", "/min", "kWh", "1"]);
});

test("a series asked for twice is the same one, whatever the order of its labels", () => {
  const meters = new Meters();
  meters.counter("x_total", "x", { a: "1", b: "2" }).value += 1;
  meters.counter("x_total", "x", { b: "2", a: "1" }).value += 1;
  expect(meters.sum("x_total", { a: "1" })).toBe(2);
  expect(meters.sum("x_total", { a: "9" })).toBe(0);
});
