import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { Registers } from "../../gateway/simulate/slave.ts";
import { describeWith } from "../need.ts";
import { launch, type RunningGateway } from "../sim/gateway.ts";
import { serveSlaves } from "../sim/modbus/device.ts";
import { openBrowser, visit } from "./browser.ts";
import { type Door, json, openDoor } from "./door.ts";

const NASTY = `<img src=x onerror="document.title='broken in'">`;

/** A Modbus device whose serial number is an attack: what stands in its registers comes from the field, not from us. */
function nastyDevice(): Registers {
  const registers = new Registers();
  const bytes = Buffer.from(NASTY.padEnd(60, " "));
  for (let i = 0; i < bytes.length; i += 2) registers.holding.set(100 + i / 2, bytes.readUInt16BE(i));
  registers.holding.set(0, 42);
  return registers;
}

function siteFile(port: number): string {
  const file = parseDocument(readFileSync(join(import.meta.dirname, "../../config/demo.yaml"), "utf8"));
  const signals = {
    pieces: { at: 0, table: "holding", type: "u16", unit: "1", title: `Pièces ${NASTY}` },
    serial: { at: 100, table: "holding", type: "ascii", words: 30 },
  };
  file.addIn(["drivers"], {
    id: "ligne-hostile",
    type: "modbus",
    port: `tcp://127.0.0.1:${port}`,
    devices: [{ id: "automate-hostile", slave: 9, every: "1s", machine: "tour-1", signals }],
  });
  const path = join(mkdtempSync(join(tmpdir(), "vigie-site-")), "site.yaml");
  writeFileSync(path, String(file));
  return path;
}

describeWith(["chromium"], "whatever comes from outside stays text on the page", () => {
  let gateway: RunningGateway;
  let browser: Browser;
  let device: Server;
  let door: Door;
  beforeAll(async () => {
    const served = await serveSlaves(new Map([[9, nastyDevice()]]), "tcp");
    device = served.server;
    [gateway, browser] = await Promise.all([launch(["demo", "--config", siteFile(served.port)]), openBrowser()]);
    const real = async (path: string) => (await fetch(`${gateway.url}/api/v1${path}`)).json();
    const answers: Record<string, (found: object[]) => unknown> = {
      // What a node says of itself, and what another gateway says over MQTT.
      "/api/v1/devices": (found) => [
        ...found,
        { driver: NASTY, type: NASTY, state: "running", devices: [stranger("new"), stranger("degraded")] },
        { driver: "noeuds", type: "node", state: "running", devices: [stranger("new")] },
      ],
      "/api/v1/mqtt/clients": () => [
        {
          name: NASTY,
          created: 0,
          publish: [NASTY],
          subscribe: [],
          connected: [{ id: NASTY, name: NASTY, address: NASTY }],
        },
      ],
      "/api/v1/logs": () => [{ n: 1, t: 0, level: "warning", text: `mqtt: ${NASTY} refused` }],
    };
    door = await openDoor(gateway.url, ({ url = "" }, answer) => {
      const path = url.split("?")[0] ?? "";
      const change = answers[path];
      if (!change) return false;
      void real(url.slice("/api/v1".length)).then((found) => json(answer, change(found)));
      return true;
    });
  });
  afterAll(async () => {
    await browser?.close();
    await door?.close();
    await gateway?.stop();
    device?.close();
  });

  const stranger = (state: string) => ({
    id: NASTY,
    state,
    about: { firmware: NASTY, [NASTY]: NASTY, errors_timeout: 3 },
    channels: [{ name: NASTY, unit: NASTY, kind: "gauge", every: 1_000 }],
  });

  test("a Modbus device's own text, through the whole gateway", { timeout: 60_000 }, async () => {
    const { page, context, complaints } = await visit(browser, `${gateway.url}/bus`);
    const card = page.locator(".device", { hasText: "automate-hostile" });
    await expect.poll(() => card.textContent(), { timeout: 20_000 }).toContain(`<img src=x onerror="document.title`);
    await page.goto(`${gateway.url}/m/tour-1`);
    await expect.poll(() => page.locator(".measures").textContent(), { timeout: 20_000 }).toContain(`Pièces ${NASTY}`);
    expect(await page.locator("img[src=x]").count()).toBe(0);
    expect(await page.title()).not.toContain("broken");
    expect(complaints).toEqual([]);
    await context.close();
  });

  test("what nodes, MQTT clients and log lines say", { timeout: 60_000 }, async () => {
    const { page, context, complaints } = await visit(browser, door.url);
    for (const path of ["/bus", "/commission", "/system"]) {
      await page.goto(door.url + path);
      await expect.poll(() => page.locator("main").textContent(), { timeout: 15_000 }).toContain(NASTY);
      expect(await page.locator("img[src=x]").count(), path).toBe(0);
      expect(await page.title(), path).not.toContain("broken");
    }
    await page.goto(`${door.url}/commission`);
    await page.getByRole("button", { name: "Prendre ce nœud" }).first().click();
    expect(await page.locator("form.panel").textContent()).toContain(NASTY);
    expect(await page.locator("img[src=x]").count()).toBe(0);
    expect(complaints).toEqual([]);
    await context.close();
  });
});
