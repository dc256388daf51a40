import fc from "fast-check";
import { expect, test } from "vitest";
import { guesses, isLikely } from "../../../../gateway/drivers/modbus/guess.ts";
import { type Order, orders } from "../../../../gateway/drivers/modbus/profile.ts";
import { writeRaw } from "../../../../gateway/drivers/modbus/raw.ts";

test("a float in any word order at any place is found by the value on the screen", () => {
  fc.assert(
    fc.property(
      fc.constantFrom<Order>(...orders),
      fc.nat(6),
      fc.double({ min: 10, max: 500, noNaN: true }),
      (order, place, value) => {
        const bytes = Buffer.alloc(16, 0x5a);
        writeRaw("f32", order, value, bytes, 2 * place);
        const likely = guesses(bytes, 100, Number(value.toPrecision(4))).filter(isLikely);
        return likely.some(
          (guess) => guess.type === "f32" && guess.order === order && guess.at === 100 + place && guess.scale === 1,
        );
      },
    ),
  );
});

test("the plain float comes before what only happens to be near", () => {
  const bytes = Buffer.alloc(8);
  writeRaw("f32", "ABCD", 230.2, bytes, 0);
  bytes.writeUInt16BE(2299, 4);
  const [first, second] = guesses(bytes, 0, 230);
  expect(first).toMatchObject({ at: 0, type: "f32", order: "ABCD", scale: 1 });
  expect(second).toMatchObject({ at: 2, type: "u16", scale: 0.1 });
});

test("a register counted from one shows itself one further on", () => {
  const bytes = Buffer.from([0, 0, 0x09, 0x01]);
  expect(guesses(bytes, 9, 230.5)[0]).toMatchObject({ at: 10, type: "u16", scale: 0.1, value: 2305 });
});

test("without a value every decoding is shown, in address order, and none claims to be right", () => {
  const all = guesses(Buffer.from([0x43, 0x66, 0x33, 0x34]), 0);
  expect(all.map((guess) => guess.at)).toEqual(all.map((guess) => guess.at).toSorted((a, b) => a - b));
  expect(all.some(isLikely)).toBe(false);
  expect(all.filter((guess) => guess.type === "s32").map((guess) => guess.order)).toEqual([...orders]);
});
