import { afterAll, beforeAll, expect, test } from "vitest";
import type { Backtest, BacktestLine } from "../../../gateway/core/api.ts";
import { sameText } from "../../../gateway/core/text.ts";
import { type World, world } from "./world.ts";

const DAY = 86_400_000;
/** Jobs that were left before their end. */
const left: number[] = [];

/** A back-test of one finding; a request that begins at 1 never ends by itself, one that begins at 2 breaks. */
const backtest: Backtest = async function* ({ from, to }, signal) {
  yield { kind: "progress", at: from, readings: 0 };
  if (from === 2) throw new Error("the disk is gone");
  if (from === 1) {
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    left.push(from);
    return;
  }
  yield { kind: "found", t: from + 5, machine: "tour-2", rule: "case", level: "alert", text: sameText("bearing") };
  yield { kind: "done", at: to, readings: 9, alerts: 1, watches: 0 };
};

let w: World;
beforeAll(async () => {
  w = await world({}, { backtest });
});
afterAll(() => w.web.close());

const ask = (body: object, signal?: AbortSignal) =>
  fetch(w.api("/backtest"), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
const lines = async (response: Response): Promise<BacktestLine[]> =>
  (await response.text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

test("the findings of days gone by come line by line, and the last line says how many", async () => {
  const answer = await ask({ from: 10, to: 10 + DAY });
  expect(answer.headers.get("content-type")).toContain("ndjson");
  const all = await lines(answer);
  expect(all.map(({ kind }) => kind)).toEqual(["progress", "found", "done"]);
  expect(all[1]).toMatchObject({ t: 15, machine: "tour-2", level: "alert", text: { fr: "bearing" } });
  expect(all[2]).toEqual({ kind: "done", at: 10 + DAY, readings: 9, alerts: 1, watches: 0 });
});

test("one at a time; who goes away ends theirs", async () => {
  const leave = new AbortController();
  expect((await ask({ from: 1, to: DAY }, leave.signal)).status).toBe(200);
  expect((await ask({ from: 10, to: DAY })).status).toBe(409);
  leave.abort();
  await expect.poll(async () => (await ask({ from: 10, to: DAY })).status, { timeout: 5_000 }).toBe(200);
  expect(left).toEqual([1]);
});

test("a job that breaks says so in its last line, without our insides, and leaves room for the next", async () => {
  const all = await lines(await ask({ from: 2, to: DAY }));
  expect(all.at(-1)?.kind).toBe("failed");
  expect(JSON.stringify(all)).not.toContain("disk");
  expect((await ask({ from: 10, to: DAY })).status).toBe(200);
});

test("a stretch that ends before it begins, or is longer than three months, is refused", async () => {
  expect((await ask({ from: 10, to: 10 })).status).toBe(400);
  expect((await ask({ from: 10, to: 11 + 92 * DAY })).status).toBe(400);
  expect((await ask({ from: 10 })).status).toBe(400);
});

test("it stands in the description of the API, for integrators", async () => {
  const route = w.web.routes.find(({ url }) => url.endsWith("/backtest"));
  expect(route).toMatchObject({ method: "POST", need: "integrator" });
  const description = (await (await fetch(`${w.web.url}/api/docs`)).json()) as { paths: Record<string, unknown> };
  expect(JSON.stringify(description.paths["/api/v1/backtest"])).toContain("92 days");
});
