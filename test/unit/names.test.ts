import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { namesBy } from "../../gateway/names.ts";

type Ask = Parameters<typeof namesBy>[0];
type Answer = Parameters<Ask>[2];

/** Questions that the system has not answered yet, oldest first. */
let open: [name: string, answer: Answer][] = [];
const again = Object.assign(new Error("no name server answers"), { code: "EAI_AGAIN" });

beforeEach(() => {
  open = [];
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

function desk() {
  const told: unknown[][] = [];
  const lookup = namesBy((name, _, answer) => open.push([name, answer]));
  const find = (name: string) => lookup(name, {}, (...answer) => told.push([name, ...answer]));
  /** The system answers the oldest question about a name. */
  const answer = (name: string, ...words: Parameters<Answer>) => {
    const i = open.findIndex(([asked]) => asked === name);
    open.splice(i, 1)[0]?.[1](...words);
  };
  return { find, answer, told, asked: () => open.map(([name]) => name) };
}

test("however often a name is wanted, it is asked about once, and everybody who waits is told", () => {
  const { find, answer, told, asked } = desk();
  for (let i = 0; i < 20; i++) find("plc");
  expect(asked()).toEqual(["plc"]);
  answer("plc", null, "10.0.0.7", 4);
  expect(told).toEqual(Array(20).fill(["plc", null, "10.0.0.7", 4]));
  find("plc");
  expect(asked()).toEqual(["plc"]);
});

test("names that nobody answered for wait one behind the other, and a name that is new goes before them", () => {
  const { find, answer, told, asked } = desk();
  const silent = Array.from({ length: 12 }, (_, i) => `silent-${i}`);
  for (const name of silent) find(name);
  expect(asked()).toHaveLength(8);
  vi.advanceTimersByTime(10_000);
  for (const name of silent) answer(name, again);
  expect(told).toHaveLength(12);
  for (const name of silent.slice(0, 8)) find(name);
  expect(asked()).toEqual(["silent-0"]);
  find("new");
  expect(asked()).toEqual(["silent-0", "new"]);
  answer("silent-0", again);
  expect(asked()).toEqual(["new", "silent-1"]);
});

test("a name that was known keeps its address while the name server is silent, and loses it when it is gone", () => {
  const { find, answer, told } = desk();
  find("plc");
  answer("plc", null, "10.0.0.7", 4);
  find("plc");
  vi.advanceTimersByTime(1_900);
  expect(told).toHaveLength(1);
  vi.advanceTimersByTime(200);
  expect(told[1]).toEqual(["plc", null, "10.0.0.7", 4]);
  answer("plc", again);
  expect(told).toHaveLength(2);
  find("plc");
  answer("plc", again);
  expect(told[2]).toEqual(["plc", null, "10.0.0.7", 4]);
  find("plc");
  const gone = Object.assign(new Error("no such name"), { code: "ENOTFOUND" });
  answer("plc", gone);
  expect(told[3]).toEqual(["plc", gone]);
});

test("an address is no name: it waits for nobody", () => {
  const { find, asked } = desk();
  for (let i = 0; i < 12; i++) find(`silent-${i}`);
  find("10.0.0.7");
  expect(asked()).toContain("10.0.0.7");
});
