import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { clock } from "../../../gateway/clock.ts";
import { openCommissioning } from "../../../gateway/commission.ts";
import type { DecodeAnswer, LookAnswer, ProfileAnswer, ScanLine } from "../../../gateway/core/api.ts";
import { openWorkshop } from "../../../gateway/simulate/workshop.ts";
import { type World, world } from "./world.ts";

let w: World;
let workshop: Awaited<ReturnType<typeof openWorkshop>>;
beforeEach(async () => {
  workshop = await openWorkshop();
  w = await world(
    {},
    { commissioning: openCommissioning(join(import.meta.dirname, "../../../config/profiles"), clock) },
  );
});
afterEach(async () => {
  await w.web.close();
  workshop.close();
});

const scan = (body: object, signal?: AbortSignal) =>
  fetch(w.api("/scan"), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
const lines = (text: string): ScanLine[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
const port = () => `tcp://127.0.0.1:${workshop.ports.SIM_MODBUS}`;

test("a meter on the wire is found with its profile, and shows what its own screen shows", async () => {
  const answer = await scan({ port: port(), slaves: [1, 200] });
  expect(answer.headers.get("content-type")).toContain("ndjson");
  const all = lines(await answer.text());
  const found = all.find((line) => line.kind === "found");
  expect(found).toMatchObject({
    slave: 1,
    profiles: expect.arrayContaining([expect.objectContaining({ vendor: "Eastron" })]),
  });
  expect(
    found?.kind === "found" && found.sample.some(({ unit, value }) => unit === "V" && value > 200 && value < 260),
  ).toBe(true);
  const volts = found?.kind === "found" ? found.sample.find(({ unit }) => unit === "V") : undefined;
  expect(volts?.title?.fr).toMatch(/^Tension/);
  const progress = all.flatMap((line) => (line.kind === "progress" ? [line] : []));
  expect(progress.length).toBeGreaterThan(0);
  for (const { asked, of } of progress) expect(asked >= 0 && asked <= of).toBe(true);
  expect(all.at(-1)).toEqual({ kind: "done", found: 1 });
}, 30_000);

test("one scan at a time; who goes away ends theirs", async () => {
  const leave = new AbortController();
  const first = await scan({ port: port(), slaves: Array.from({ length: 100 }, (_, i) => i + 100) }, leave.signal);
  expect(first.status).toBe(200);
  expect((await scan({ port: port(), slaves: [1] })).status).toBe(409);
  leave.abort();
  await expect.poll(async () => (await scan({ port: port(), slaves: [1] })).status, { timeout: 5_000 }).toBe(200);
}, 30_000);

test("a wire that cannot be opened is said in the answer; a port that is none is refused with its place", async () => {
  expect(lines(await (await scan({ port: "tcp://127.0.0.1:1", slaves: [1] })).text()).at(-1)).toMatchObject({
    kind: "failed",
  });
  const wrong = await scan({ port: "/etc/passwd" });
  expect(wrong.status).toBe(400);
  expect(((await wrong.json()) as { where: string }).where).toBe("body.port");
});

const ask = async (path: string, body: object) => {
  const answer = await fetch(w.api(path), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as unknown };
};

test("a device says all that its profile knows, with the bytes as they came and what a healthy one shows", async () => {
  const { body } = await ask("/look", { port: port(), slave: 1, profile: "eastron-sdm120" });
  const said = body as LookAnswer[];
  const voltage = said.find(({ signal }) => signal === "voltage");
  expect(voltage).toMatchObject({ table: "input", at: 0, type: "f32", unit: "V", expect: [195.5, 264.5] });
  expect(voltage?.value).toBeGreaterThan(195);
  expect(voltage?.value).toBeLessThan(265);
  // The raw bytes are that very number.
  const bytes = Buffer.from(voltage?.raw?.replaceAll(" ", "") ?? "", "hex");
  expect(bytes.readFloatBE(0)).toBeCloseTo(voltage?.value ?? 0, 3);
  expect(said.length).toBeGreaterThan(8);
}, 30_000);

test("a device that is not there says so for every signal, and a profile that is not there is said", async () => {
  const { body } = await ask("/look", { port: port(), slave: 77, profile: "eastron-sdm120" });
  expect(new Set((body as LookAnswer[]).map(({ why, raw, value }) => `${why} ${raw} ${value}`))).toEqual(
    new Set(["timeout null null"]),
  );
  expect((await ask("/look", { port: port(), slave: 1, profile: "../../passwd" })).status).toBe(404);
}, 30_000);

test("with the number on the device's own screen the right decoding comes first, from either side of the address", async () => {
  const { body: said } = await ask("/look", { port: port(), slave: 1, profile: "eastron-sdm120" });
  const shown = (said as LookAnswer[]).find(({ signal }) => signal === "voltage")?.value ?? 0;
  // The manual's register 30001 is 0 on the wire; somebody who asks for 1 still finds it.
  for (const at of [0, 1]) {
    const { body } = await ask("/decode", {
      ...{ port: port(), slave: 1, table: "input", at, count: 4, expect: Math.round(shown) },
    });
    const likeliest = (body as DecodeAnswer[]).filter(({ likely }) => likely);
    expect(likeliest[0]).toMatchObject({ type: "f32", order: "ABCD", scale: 1 });
    // The three phases show nearly the same number.
    expect(likeliest.filter(({ type, order }) => `${type} ${order}` === "f32 ABCD").map(({ at }) => at)).toContain(0);
  }
  const none = await ask("/decode", { port: port(), slave: 77, table: "input", at: 0, count: 4, expect: 230 });
  expect(none).toMatchObject({ status: 422, body: { error: "timeout" } });
}, 30_000);

test("device models are listed with their signals", async () => {
  const all = (await (await fetch(w.api("/profiles"))).json()) as ProfileAnswer[];
  expect(all.length).toBeGreaterThan(20);
  expect(all.find(({ id }) => id === "eastron-sdm120")?.signals).toContainEqual(
    expect.objectContaining({ name: "voltage", unit: "V" }),
  );
  expect((await fetch(w.api("/ports"))).status).toBe(200);
});
