import { expect, test } from "vitest";
import { Knocks, neighbour } from "../../../gateway/core/knocks.ts";

const each = { burst: 5, perSecond: 1 };

test("an address that knocks all the time comes in at its pace, and others are not kept waiting", () => {
  const knocks = new Knocks(each, { burst: 1_000, perSecond: 1_000 });
  let worm = 0;
  for (let ms = 0; ms < 10_000; ms += 10) if (knocks.may("10.0.0.66", ms)) worm += 1;
  expect(worm).toBe(14);
  expect(knocks.may("10.0.0.7", 10_000)).toBe(true);
});

test("many addresses together come in at the pace of all; who is refused for itself takes nothing from the others", () => {
  const knocks = new Knocks(each, { burst: 8, perSecond: 1 });
  for (let i = 0; i < 100; i++) knocks.may("10.0.0.66", 0);
  const others = Array.from({ length: 10 }, (_, i) => knocks.may(`10.0.0.${i}`, 0)).filter(Boolean);
  expect(others.length).toBe(3);
});

test("however many addresses knock all the time, one that was quiet comes in", () => {
  const knocks = new Knocks({ burst: 200, perSecond: 30 }, { burst: 1_000, perSecond: 200 });
  const refused: number[] = [];
  let worms = 0;
  for (let ms = 0; ms < 60_000; ms += 10) {
    for (let worm = 0; worm < 20; worm++) if (knocks.may(`10.0.0.${worm}`, ms)) worms += 1;
    // At first they have hardly knocked either.
    if (ms > 10_000 && ms % 2_000 === 0 && !knocks.may("10.0.0.200", ms)) refused.push(ms);
  }
  expect(refused).toEqual([]);
  expect(worms / 60).toBeGreaterThan(190);
});

test("as many addresses as somebody makes up are not remembered", () => {
  const knocks = new Knocks(each, { burst: 100_000, perSecond: 1 });
  for (let i = 0; i < 5; i++) knocks.may("first", 0);
  expect(knocks.may("first", 0)).toBe(false);
  for (let i = 0; i < 5_000; i++) knocks.may(`10.${i >> 8}.${i & 255}.1`, 0);
  expect(knocks.may("first", 0)).toBe(true);
});

test.each([
  ["192.168.1.5", "192.168.1.5"],
  ["::ffff:192.168.1.5", "192.168.1.5"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
  ["2001:db8::6", "2001:db8:0:0"],
  ["fe80::1", "fe80:0:0:0"],
  ["::1", "0:0:0:0"],
])("%s belongs to %s", (address, name) => expect(neighbour(address)).toBe(name));
