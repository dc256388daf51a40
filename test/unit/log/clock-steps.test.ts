import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { AuditAnswer } from "../../../gateway/core/api.ts";
import { epochMs, HOUR, MINUTE } from "../../../gateway/core/time.ts";
import type { Evidence } from "../../../gateway/log/keeper.ts";
import { startGateway } from "../../../gateway/main.ts";
import { eventually } from "../../sim/gateway.ts";
import { openTestStore, temporaryFolder } from "../../sim/store.ts";
import { world } from "../web/world.ts";

/** A store whose clock is vouched for as the test says, and what is told of its steps. */
async function clockOf(first: Evidence) {
  const vouched = { by: first };
  const t = await openTestStore({ evidence: async () => vouched.by });
  const told: string[] = [];
  const step = async (ms: number, wait = 2 * MINUTE) => {
    t.clock.step(ms);
    await t.clock.advance(wait);
  };
  return { ...t, vouched, told, step };
}

test("a step of the clock is told once, from when to when and why it is followed or not", async () => {
  const t = await clockOf("ntp");
  t.store.time.steps((words) => t.told.push(words));
  await t.step(6 * HOUR);
  await t.step(-6 * HOUR);
  t.vouched.by = "battery";
  await t.step(-40 * 24 * HOUR, HOUR);
  t.vouched.by = "none";
  await t.step(MINUTE);
  expect(t.told).toEqual([
    expect.stringMatching(/^\S+Z → \S+Z \(\+21600 s\), followed: a time service vouches for the clock$/),
    expect.stringMatching(/\(-21600 s\), followed: a time service/),
    expect.stringMatching(/\(-3456000 s\), not followed: too far to be believed$/),
    expect.stringMatching(/\(\+60 s\), not followed: nothing vouches for the clock$/),
  ]);
  const [, from = "", to = ""] = /^(\S+) → (\S+) /.exec(t.told[0] ?? "") ?? [];
  expect(Date.parse(to) - Date.parse(from)).toBe(6 * HOUR);
});

test("a box that learns the time long after its start tells by how much it was wrong", async () => {
  const t = await clockOf("none");
  t.store.time.steps((words) => t.told.push(words));
  await t.clock.advance(MINUTE);
  t.vouched.by = "ntp";
  await t.step(3 * HOUR);
  expect(t.told).toEqual([expect.stringMatching(/\(\+10800 s\), followed: a time service/)]);
});

test("what drifts, and what a person sets on the page, is no step", async () => {
  const t = await clockOf("none");
  t.store.time.steps((words) => t.told.push(words));
  await t.step(100);
  t.store.time.set(epochMs(t.clock.now() + HOUR), "Claire");
  await t.clock.advance(5 * MINUTE);
  expect(t.told).toEqual([]);
});

test("a clock that does not stand still tells of six steps an hour, and how many it left out", async () => {
  const t = await clockOf("ntp");
  t.store.time.steps((words) => t.told.push(words));
  for (let i = 0; i < 10; i++) await t.step(i % 2 ? -MINUTE : MINUTE);
  expect(t.told).toHaveLength(6);
  await t.clock.advance(HOUR);
  await t.step(MINUTE);
  expect(t.told[6]).toMatch(/; 4 more before this one are not listed$/);
  expect(t.meters.sum("clock_steps_total", {})).toBe(11);
});

test("a step from before the page was there stands in the audit list, too", async () => {
  const t = await clockOf("ntp");
  await t.step(HOUR);
  const { web, api } = await world({ open: true });
  onTestFinished(() => web.close());
  const noted: Promise<void>[] = [];
  t.store.time.steps((words) => noted.push(web.audit("clock-step", words)));
  await t.step(HOUR);
  await Promise.all(noted);
  const lines = (await (await fetch(api("/audit"))).json()) as AuditAnswer[];
  expect(lines).toHaveLength(2);
  for (const line of lines)
    expect(line).toMatchObject({ who: "system", what: "clock-step", detail: expect.stringContaining("(+3600 s)") });
});

test("the running gateway writes it down", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "site.yaml");
  writeFileSync(file, "site: { id: hall }\nweb: { open: true }\nbroker: { enabled: false }\ndrivers: []\n");
  const gateway = await startGateway(file, { data: join(folder, "data"), host: "127.0.0.1", port: 0 });
  onTestFinished(() => gateway.stop());
  const real = Date.now;
  const later = vi.spyOn(Date, "now").mockImplementation(() => real() + HOUR);
  onTestFinished(() => later.mockRestore());
  const lines = await eventually(async () => {
    const all = (await (await fetch(`${gateway.url}/api/v1/audit`)).json()) as AuditAnswer[];
    return all.length > 0 ? all : undefined;
  }, 20_000);
  expect(lines).toMatchObject([{ who: "system", what: "clock-step", detail: expect.stringContaining("(+3600 s)") }]);
});
