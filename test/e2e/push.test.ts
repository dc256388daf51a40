import { readFileSync, writeFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseDocument } from "yaml";
import type { Delivery, PushAnswer } from "../../gateway/core/notice.ts";
import { describeWith } from "../need.ts";
import { launch, type RunningGateway } from "../sim/gateway.ts";
import { PushService } from "../sim/push-service.ts";
import { axeFindings } from "./axe.ts";
import { openBrowser, visit } from "./browser.ts";
import { closedSite, readLedgerAs, setupCode } from "./closed.ts";

const PASSWORD = "le tour chante le matin";

/** A site that wants accounts, with one person whose messages go to the browsers of her account. */
function siteFile(): string {
  const path = closedSite();
  const file = parseDocument(readFileSync(path, "utf8"));
  file.set("notifiers", [
    { id: "navigateur", type: "web-push", contact: "mailto:m@workshop.example", services: ["127.0.0.1"] },
  ]);
  file.set("notices", {
    people: [{ id: "camille", name: "Camille", via: [{ channel: "navigateur", address: "Camille" }] }],
  });
  writeFileSync(path, String(file));
  return path;
}

/** Asks as the page does, with its session. */
const ask = <T>(page: Page, method: string, path: string, body?: unknown): Promise<T> =>
  page.evaluate(
    async ([how, where, what]) => {
      const headers = what === undefined ? {} : { "content-type": "application/json" };
      const answer = await fetch(`/api/v1${where}`, {
        method: how,
        headers,
        ...(what !== undefined && { body: what }),
      });
      const text = await answer.text();
      return text === "" ? undefined : JSON.parse(text);
    },
    [method, path, body === undefined ? undefined : JSON.stringify(body)] as const,
  );

describeWith(["chromium"], "notifications of the browser", () => {
  let gateway: RunningGateway;
  let browser: Browser;
  let service: PushService;
  beforeAll(async () => {
    service = await PushService.open();
    [gateway, browser] = await Promise.all([launch(["demo", "--config", siteFile()]), openBrowser()]);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await readLedgerAs(gateway, "Camille", PASSWORD);
    await gateway.stop();
    service?.close();
  });

  test("signed up for on one's own page, which says that it needs the internet; shown, and reported as received", {
    timeout: 90_000,
  }, async () => {
    const code = await setupCode(gateway);
    const { page, context } = await visit(browser, gateway.url, { screen: "phone" });
    await context.grantPermissions(["notifications"], { origin: gateway.url });
    await ask(page, "POST", "/setup", { code, name: "Camille", password: PASSWORD });
    await page.goto(`${gateway.url}/account`);
    const panel = page.getByRole("region", { name: "Notifications dans ce navigateur" });
    await expect.poll(() => panel.textContent(), { timeout: 10_000 }).toContain("INTERNET");
    expect(await panel.textContent()).toContain("Les messages de Camille arriveront ici.");
    expect(await axeFindings(page)).toEqual([]);
    // No internet here: the vendor's service is out of reach, and the page says just that.
    await panel.getByRole("button", { name: "Recevoir sur cet appareil" }).tap();
    await expect
      .poll(() => panel.getByRole("status").textContent(), { timeout: 20_000 })
      .toMatch(/hors d’atteinte|refusé/);

    const there = await ask<PushAnswer>(page, "GET", "/push");
    if (!there.there) throw new Error("the channel is not there");
    service.senderKey = there.key;
    await ask(page, "POST", "/push", { name: "Téléphone", subscription: service.browser("phone") });
    await ask(page, "POST", "/notices/drill", {});
    await expect.poll(() => service.got.length, { timeout: 20_000 }).toBe(1);
    expect(service.problems).toEqual([]);

    // What the service would hand to the browser, handed to it.
    const cdp = await context.newCDPSession(page);
    const registered = new Promise<string>((resolve) =>
      cdp.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
        const [first] = registrations;
        if (first) resolve(first.registrationId);
      }),
    );
    await cdp.send("ServiceWorker.enable");
    const data = JSON.stringify(service.got[0]?.payload);
    await cdp.send("ServiceWorker.deliverPushMessage", { origin: gateway.url, registrationId: await registered, data });
    const state = async () => (await ask<Delivery[]>(page, "GET", "/notices/deliveries"))[0]?.state;
    await expect.poll(state, { timeout: 20_000 }).toBe("received");
    const shown = await page.evaluate(async () =>
      (await (await navigator.serviceWorker.ready).getNotifications()).map(({ title }) => title),
    );
    expect(shown).toEqual([expect.stringMatching(/^TEST \[P2\] Passerelle : Exercice d'alerte/)]);

    await page.reload();
    await panel.getByRole("button", { name: "Arrêter" }).tap();
    await expect.poll(() => panel.getByRole("button", { name: "Arrêter" }).count()).toBe(0);
    await context.close();
  });
});
