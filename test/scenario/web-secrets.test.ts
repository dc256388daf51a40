import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeWith } from "../need.ts";
import { eventually, launch } from "../sim/gateway.ts";
import { expectLedger } from "../sim/ledger.ts";
import { startMosquitto, subscribe } from "../sim/peers/mosquitto.ts";
import { freePort } from "../sim/port.ts";

const SECRET = "canary-4f1c8a77d2";
const PASSWORD = "le canari chante à minuit";

const siteFile = (broker: string, nowhere: number) => `
site: { id: canari, name: Canari, timezone: Europe/Paris, language: fr }
machines: [{ id: four, name: { fr: Four, en: Oven } }]
drivers:
  - { id: capteurs, type: mqtt, url: "${broker}", username: vigie, password: "\${CANARY}", devices: [{ id: d, topic: x/y, machine: four, signals: { v: { path: v } } }] }
sinks:
  - { id: history, type: sqlite }
  - { id: out, type: mqtt, url: "mqtt://127.0.0.1:${nowhere}", username: vigie, password: "\${CANARY}" }
notifiers: []
`;

describeWith(["mosquitto", "mosquitto_sub"], "secrets", () => {
  test("none of them is in the data folder, in what is printed, or in any answer", async () => {
    const folder = mkdtempSync(join(tmpdir(), "vigie-canary-"));
    const broker = await startMosquitto();
    const file = join(folder, "gateway.yaml");
    writeFileSync(file, siteFile(broker.url, await freePort()));
    const gateway = await launch(["run", "--config", file], { env: { CANARY: SECRET } });
    try {
      const code = await eventually(
        () => /\b([A-Z2-9]{4}(?:-[A-Z2-9]{2,4}){6})\b/.exec(gateway.output())?.[1],
        5_000,
        gateway.output,
      );
      const post = (path: string, body: unknown, cookie = "") =>
        fetch(`${gateway.url}/api/v1${path}`, {
          method: "POST",
          headers: { "content-type": "application/json", cookie },
          body: JSON.stringify(body),
        });
      const first = await post("/setup", { code, name: "Claire", password: PASSWORD });
      expect(first.status).toBe(200);
      const cookie = first.headers.get("set-cookie")?.split(";")[0] ?? "";
      const made = await post("/mqtt/clients", { name: "ecran", kind: "reader" }, cookie);
      const { password } = (await made.json()) as { password: string };
      const listener = subscribe(Number(new URL(gateway.mqtt ?? "").port), "vigie/v1/canari/#", [
        "-i",
        "ecran",
        "-u",
        "ecran",
        "-P",
        password,
      ]);
      await post("/session", { name: "Claire", password: `${PASSWORD} ` });
      const answers = await Promise.all(
        [
          "/api/docs",
          "/metrics",
          "/healthz",
          ...[
            "site",
            "config",
            "system",
            "devices",
            "users",
            "sessions",
            "audit",
            "mqtt/clients",
            "state",
            "support",
          ].map((p) => `/api/v1/${p}`),
        ].map(async (path) => {
          const answer = await fetch(gateway.url + path, { headers: { cookie } });
          expect([path, answer.status]).toEqual([path, 200]);
          return answer.text();
        }),
      );
      listener.stop();
      await expectLedger(gateway, { cookie });
      await gateway.stop();
      const token = cookie.split("=")[1] ?? "";
      const files = readdirSync(gateway.data, { recursive: true, withFileTypes: true }).filter((entry) =>
        entry.isFile(),
      );
      expect(files.length).toBeGreaterThan(1);
      const kept = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), "latin1"));
      // What is no secret is found: the search would find a secret too.
      expect(kept.some((text) => text.includes("Claire"))).toBe(true);
      for (const secret of [SECRET, PASSWORD, Buffer.from(PASSWORD).toString("latin1"), password, token]) {
        expect(secret.length).toBeGreaterThan(10);
        expect(gateway.output()).not.toContain(secret);
        for (const text of [...answers, ...kept]) expect(text.includes(secret)).toBe(false);
      }
    } finally {
      await gateway.stop();
      await broker.stop();
    }
  }, 60_000);
});
