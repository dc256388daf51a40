import { expect, test } from "vitest";
import { completed } from "../../../gateway/alarms/learned.ts";

test("what an older version learned keeps its numbers and gets the new fields as they begin", () => {
  const initial = { mean: 0, ambient: { slope: null, seen: 0 }, recent: [], active: false };
  const saved = { mean: 12, ambient: { seen: 40 }, recent: [1, 2] };
  expect(completed(saved, initial)).toEqual({
    mean: 12,
    ambient: { slope: null, seen: 40 },
    recent: [1, 2],
    active: false,
  });
});

test("a field that this version no longer knows stays, and what is no object stays as it was", () => {
  expect(completed({ old: 1 }, { fresh: [] })).toEqual({ old: 1, fresh: [] });
  expect(completed(null, { fresh: 1 })).toBeNull();
  expect(completed({ crossed: null }, { crossed: { side: "low" } })).toEqual({ crossed: null });
});

test("what begins anew is a copy: two rules never share it", () => {
  const initial = { list: [] as number[] };
  const [a, b] = [completed({}, initial), completed({}, initial)] as { list: number[] }[];
  a?.list.push(1);
  expect([a?.list, b?.list, initial.list]).toEqual([[1], [], []]);
});
