import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { epochMs } from "../../../../gateway/core/time.ts";
import { at, fromWire, parsePayload, toNumber } from "../../../../gateway/drivers/mqtt/payload.ts";
import { Seen } from "../../../../gateway/drivers/mqtt/seen.ts";

const NOW = epochMs(1_700_000_000_000);

describe("what devices send", () => {
  test.each([
    ["23.5", undefined, 23.5],
    [" -4e2 ", undefined, -400],
    ["ON", undefined, 1],
    ["closed", undefined, 0],
    ["true", undefined, 1],
    ['{"ENERGY":{"Power":231}}', "ENERGY.Power", 231],
    ['{"relays":[{"ison":true}]}', "relays.0.ison", 1],
    ['{"a":"12.5"}', "a", 12.5],
    ['{"a":null}', "a", undefined],
    ["heating", undefined, undefined],
    ['{"a":1}', "__proto__", undefined],
    ['{"a":1}', "constructor.name", undefined],
    ["0x10", undefined, undefined],
    ["", undefined, undefined],
  ])("%s at %s is %s", (payload, path, expected) => {
    expect(toNumber(at(parsePayload(Buffer.from(payload)), path))).toBe(expected);
  });

  test("own words come before the usual ones", () => {
    expect(toNumber("heating", { heating: 2 })).toBe(2);
    expect(toNumber("on", { on: 7 })).toBe(7);
  });

  test("no bytes make it fall over, nor give a number that is none", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.string(), (bytes, path) => {
        const number = toNumber(at(parsePayload(Buffer.from(bytes)), path || undefined));
        expect(number === undefined || typeof number === "number").toBe(true);
      }),
    );
  });
});

describe("a reading of another gateway", () => {
  const wire = { t: NOW - 5_000, v: 41.5, q: "good" as const, s: 7 };

  test("keeps its time, value and quality", () => {
    expect(fromWire("a/b", wire, "synced", NOW)).toEqual({
      point: "a/b",
      t: NOW - 5_000,
      quality: "good",
      value: 41.5,
    });
    expect(fromWire("a/b", { ...wire, v: null, q: "bad", why: "crc" }, "synced", NOW)).toMatchObject({
      quality: "bad",
      why: "crc",
    });
    expect(fromWire("a/b", { ...wire, q: "uncertain", why: "saturated" }, "holdover", NOW)).toMatchObject({
      quality: "uncertain",
      why: "saturated",
    });
  });

  test("from a clock that was never set and is years behind, or far ahead, comes with our time and says so", () => {
    expect(fromWire("a/b", { ...wire, t: 1_000 }, "unsynced", NOW)).toMatchObject({ t: NOW, why: "clock" });
    for (const t of [NOW + 1e9, 1_000, -9e15, Number.MAX_VALUE])
      expect(fromWire("a/b", { ...wire, t }, "synced", NOW)).toMatchObject({ t: NOW, why: "clock" });
  });

  test("a late one keeps its time, also where no time server vouches for it: ten minutes do not fall into one", () => {
    expect(fromWire("a/b", { ...wire, t: NOW - 600_000 }, "unsynced", NOW)).toMatchObject({
      t: NOW - 600_000,
      quality: "good",
    });
    expect(fromWire("a/b", { ...wire, t: NOW - 1e10 }, "synced", NOW)).toMatchObject({
      t: NOW - 1e10,
      quality: "good",
    });
  });

  test("with a word of a later version says unknown", () => {
    expect(fromWire("a/b", { ...wire, v: null, q: "bad", why: "gremlins" }, "synced", NOW)).toMatchObject({
      why: "unknown",
    });
  });
});

test("a repeated message is recognised, a late one with a lower sequence is not taken for one", () => {
  const seen = new Seen();
  expect([seen.first(1, 900), seen.first(1, 100), seen.first(1, 900), seen.first(2, 900)]).toEqual([
    true,
    true,
    false,
    true,
  ]);
  for (let i = 0; i < 30_000; i++) seen.first(3, i);
  expect(seen.first(3, 29_999)).toBe(false);
});
