import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isSeq, parse, parseDocument } from "yaml";
import type { StateAnswer } from "../../gateway/core/api.ts";
import type { Delivery } from "../../gateway/core/notice.ts";
import type { AlarmQuality } from "../../gateway/core/office.ts";
import { describeWith } from "../need.ts";
import { eventually, launch, type RunningGateway } from "../sim/gateway.ts";
import { openBrowser, visit } from "./browser.ts";

/** The demonstration workshop with a limit in the middle of a noise, another one, and two people to be told. */
function siteFile(phones: number): string {
  const file = parseDocument(readFileSync(join(import.meta.dirname, "../../config/demo.yaml"), "utf8"));
  const detectors = file.get("detectors");
  if (!isSeq(detectors)) throw new Error("the demonstration has no detectors");
  for (const [id, point, high] of [
    ["pompe", "laveuse/power", 3_370],
    ["bain", "laveuse/bath_temp", 1],
  ] as const)
    detectors.add(file.createNode({ id, type: "limit", point, high, deadband: 0 }));
  file.set("notifiers", [
    { id: "telephones", type: "ntfy", url: `http://127.0.0.1:${phones}/` },
    { id: "mail", type: "email", host: "127.0.0.1", port: 9, from: "vigie@workshop.example" },
  ]);
  file.set("notices", {
    people: [
      { id: "claire", name: "Claire", via: [{ channel: "telephones", address: "claire" }] },
      { id: "bruno", name: "Bruno", via: [{ channel: "mail", address: "bruno@workshop.example" }] },
    ],
    rotas: [{ id: "astreinte", weekly: [{ days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], who: "claire" }] }],
    policies: [{ id: "tous", steps: [{ who: "claire" }, { who: "bruno" }] }],
  });
  const path = join(mkdtempSync(join(tmpdir(), "vigie-site-")), "site.yaml");
  writeFileSync(path, String(file));
  return path;
}

describeWith(["chromium"], "the pages about notices", () => {
  const phones = createServer((request, response) => {
    request.resume();
    response.end('{"id":"sPs71M8A2T"}');
  });
  let gateway: RunningGateway;
  let browser: Browser;
  let config: string;
  const ask = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`${gateway.url}/api/v1/${path}`);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return (await answer.json()) as T;
  };
  beforeAll(async () => {
    await new Promise<void>((ready) => phones.listen(0, "127.0.0.1", ready));
    config = siteFile((phones.address() as AddressInfo).port);
    [gateway, browser] = await Promise.all([launch(["demo", "--config", config], { fixedPorts: true }), openBrowser()]);
    await eventually(async () => (await ask<Delivery[]>("notices/deliveries?state=sent")).length > 0, 30_000);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await gateway?.stop();
    phones.close();
  });

  test("every message stands there with what became of it, and a failure with its cause", {
    timeout: 60_000,
  }, async () => {
    const { page, context, complaints } = await visit(browser, `${gateway.url}/alarms/deliveries`, { screen: "phone" });
    const lines = page.locator(".delivery");
    await expect
      .poll(() => lines.filter({ hasText: "Claire" }).first().textContent(), { timeout: 20_000 })
      .toContain("envoyé");
    await expect
      .poll(() => lines.filter({ hasText: "Bruno" }).first().textContent(), { timeout: 20_000 })
      .toContain("rien n'écoute sur 127.0.0.1:9");
    await page.getByLabel("Personne").selectOption({ label: "Claire" });
    await expect.poll(() => lines.filter({ hasText: "Bruno" }).count()).toBe(0);
    expect(complaints).toEqual([]);
    await context.close();
  });

  test("a drill is held from its page, and tells who was reached", { timeout: 60_000 }, async () => {
    const { page, context } = await visit(browser, `${gateway.url}/alarms/drills`, { language: "en" });
    await page.getByRole("button", { name: "Hold a drill" }).click();
    const result = page.locator("section.panel").first();
    await expect.poll(() => result.textContent(), { timeout: 15_000 }).toContain("1 of 1 person reached");
    expect(await result.textContent()).toContain("Claire");
    await context.close();
  });

  test("one hand acknowledges every alarm of a machine", { timeout: 60_000 }, async () => {
    const { page, context } = await visit(browser, `${gateway.url}/alarms`);
    await page.getByRole("button", { name: "Tout acquitter" }).click();
    const bath = page.locator('[data-alarm="bain"]');
    await expect.poll(() => bath.textContent(), { timeout: 10_000 }).toContain("en cours, acquittée");
    await context.close();
  });

  test("a rule that chatters gets a dead band from its noise: seen as lines of the site file, applied with one click", {
    timeout: 120_000,
  }, async () => {
    const quality = () => ask<AlarmQuality>(`alarms/quality?from=0&to=${Date.now() + 60_000}`);
    await eventually(
      async () => (await quality()).proposals.find(({ rule, option }) => rule === "pompe" && option === "deadband"),
      90_000,
    );
    const { page, context, complaints } = await visit(browser, `${gateway.url}/alarms/quality`);
    const proposal = page.locator(".proposal", { hasText: "pompe" });
    expect(await proposal.textContent()).toContain("bande morte de");
    await proposal.getByRole("button", { name: "Voir et appliquer" }).click();
    const added = proposal.locator(".diff .added");
    await expect.poll(() => added.count(), { timeout: 10_000 }).toBe(1);
    expect(await added.textContent()).toMatch(/deadband: \d/);
    const before = (await ask<StateAnswer>("state")).uptime;
    await proposal.getByRole("button", { name: "Enregistrer et appliquer" }).click();
    await expect
      .poll(() => parse(readFileSync(config, "utf8")).detectors.at(-2).deadband, { timeout: 10_000 })
      .toBeGreaterThan(0);
    const begunAnew = async () => (await ask<StateAnswer>("state")).uptime < before || undefined;
    await eventually(() => begunAnew().catch(() => undefined), 20_000);
    expect(complaints.filter((line) => !/Failed to load resource|ERR_|net::/.test(line))).toEqual([]);
    await context.close();
  });

  test("who is on call is told, and somebody can stand in: an exception in the site file", {
    timeout: 60_000,
  }, async () => {
    const { page, context } = await visit(browser, `${gateway.url}/alarms/duty`, { screen: "phone" });
    await expect.poll(() => page.locator(".duty-now").textContent(), { timeout: 20_000 }).toContain("Claire");
    await page.getByRole("button", { name: "Remplacer quelqu’un" }).tap();
    await page.getByLabel("par").selectOption({ label: "Bruno" });
    await page.getByRole("button", { name: "Voir le changement" }).tap();
    await page.getByRole("button", { name: "Enregistrer et appliquer" }).tap();
    await expect.poll(() => page.locator(".duty-now").textContent(), { timeout: 40_000 }).toContain("Bruno");
    expect(parse(readFileSync(config, "utf8")).notices.rotas[0].exceptions).toMatchObject([{ who: "bruno" }]);
    const file = await page.locator('a[href$="astreinte.ics"]').getAttribute("href");
    const calendar = async () => (await fetch(gateway.url + file)).text();
    await expect.poll(calendar, { timeout: 20_000 }).toContain("SUMMARY:Bruno");
    await context.close();
  });
});
