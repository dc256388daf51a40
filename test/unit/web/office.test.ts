import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { anAlarm, furniture, type World, world } from "./world.ts";

let w: World;
beforeEach(async () => {
  const folder = mkdtempSync(join(tmpdir(), "vigie-web-"));
  w = await world({}, { ...furniture(folder), folder });
});
afterEach(() => w.web.close());

const ask = async (method: string, path: string, body?: unknown) => {
  const response = await fetch(w.api(path), {
    method,
    ...(body !== undefined && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  return { status: response.status, body: JSON.parse(await response.text()) };
};

test("why a rule is quiet is told; an unknown rule is named", async () => {
  expect((await ask("GET", "/rules/limit-1/explain")).body.answer.en).toBe("below");
  expect(await ask("GET", "/rules/other/explain")).toMatchObject({
    status: 404,
    body: { message: "There is no rule other." },
  });
});

test("a rule is tried from its page, in the name of whoever presses", async () => {
  w.alarms.all.set("limit-1", anAlarm("limit-1"));
  expect((await ask("POST", "/rules/limit-1/test")).status).toBe(200);
  expect(w.alarms.acts).toEqual([{ id: "limit-1", action: { kind: "test", by: "local" } }]);
});

test("maintenance is planned in minutes, with a reason, for a machine that exists", async () => {
  const from = Date.now();
  const { body } = await ask("POST", "/maintenance", { machine: "tour-2", minutes: 90, reason: "vidange" });
  expect(body).toMatchObject([{ machine: "tour-2", by: "local", reason: "vidange" }]);
  expect(body[0].until - from).toBeGreaterThanOrEqual(90 * 60_000);
  expect((await ask("POST", "/maintenance", { machine: "tour-9", minutes: 90, reason: "x" })).status).toBe(404);
  expect((await ask("POST", "/maintenance", { machine: "tour-2", minutes: 90 })).body.where).toBe("body.reason");
});

test("one hand on all alarms of a machine; a shelf needs its reason here too", async () => {
  expect((await ask("POST", "/machines/tour-2/ack")).body).toMatchObject([{ id: "a1", state: "acked" }]);
  expect((await ask("POST", "/machines/tour-2/shelve", { minutes: 5 })).body.where).toBe("body.reason");
});

test("a machine's alarms are taken out of service with a reason and a reference, and put back", async () => {
  const out = (body: object) => ask("POST", "/machines/tour-2/out-of-service", body);
  expect((await out({ reason: "révision", reference: "BT-42" })).status).toBe(200);
  expect((await out({ reference: "BT-42" })).body.where).toBe("body.reason");
  expect((await ask("POST", "/machines/tour-2/return-to-service")).status).toBe(200);
  expect((await ask("POST", "/machines/tour-9/ack")).status).toBe(404);
});

test("a wrong case answers what would have avoided it", async () => {
  expect((await ask("POST", "/machines/tour-2/verdict", { verdict: "wrong" })).body).toMatchObject([
    { option: "delay.on" },
  ]);
  expect((await ask("POST", "/machines/tour-2/verdict", { verdict: "maybe" })).status).toBe(400);
});

test("figures are asked for a stretch of time", async () => {
  expect((await ask("GET", "/alarms/quality?from=1000&to=2000")).body).toEqual({ from: 1_000, to: 2_000, perDay: 1 });
  expect((await ask("GET", "/alarms/quality?from=2000&to=1000")).status).toBe(400);
});

test("where weaknesses are reported is said in security.txt, once the site file says it", async () => {
  expect((await fetch(`${w.web.url}/.well-known/security.txt`)).status).toBe(404);
  await w.web.close();
  w = await world({ security_contact: "mailto:security@usine.example" });
  const text = await (await fetch(`${w.web.url}/.well-known/security.txt`)).text();
  expect(text).toMatch(/^Contact: mailto:security@usine.example\nExpires: 20\d\d-/);
});

test("a proposed change is an edit of the rule's own entry, or an entry for a rule that came by itself", async () => {
  const file = w.parts.config?.file ?? "";
  writeFileSync(file, `${readFileSync(file, "utf8")}detectors:\n  - { id: limit-1, type: limit, high: 75 } # hot\n`);
  const edits = async (rule: string, option: string, to: unknown) =>
    (await ask("POST", `/rules/${rule}/edits`, { option, to })).body.edits;
  const mine = await edits("limit-1", "delay.on", "30s");
  expect(mine).toEqual([{ path: ["detectors", 0, "delay", "on"], value: "30s" }]);
  const { body } = await ask("POST", "/config/edit", { edits: mine });
  expect(body.text).toContain("- { id: limit-1, type: limit, high: 75, delay: { on: 30s } } # hot\n");
  const fresh = await edits("tour-2-temp-stale", "suppress.off", true);
  expect(fresh).toEqual([
    {
      path: ["detectors"],
      value: { id: "tour-2-temp-stale", type: "stale", point: "tour-2/temp", suppress: { off: true } },
      add: true,
    },
  ]);
  expect((await ask("POST", "/rules/other/edits", { option: "enabled", to: false })).status).toBe(404);
  expect((await ask("POST", "/rules/limit-1/edits", { option: "point", to: "x/y" })).status).toBe(400);
});

test("alarms that are quiet by design are listed only for experts", async () => {
  expect((await ask("GET", "/alarms?view=expert")).status).toBe(200);
  expect((await ask("GET", "/alarms?view=all")).status).toBe(400);
});
