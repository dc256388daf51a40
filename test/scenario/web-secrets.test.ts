import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeWith } from "../need.ts";
import { eventually, launch } from "../sim/gateway.ts";
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
  - { id: usine, type: mqtt, url: "\${BROKER}" }
  - { id: influx, type: influx, url: "\${INFLUX}", token: "\${CANARY}", bucket: b }
detectors:
  - { id: chaud, type: limit, point: four/v, high: 1, delay: { on: 0s, off: 0s } }
notifiers:
  - { id: chat, type: webhook, url: "\${HOOK}", headers: { Authorization: "Bearer \${CANARY}" } }
`;

/** A server that refuses everything: a hook that was taken away, and a database that does not know the token. */
async function startRefusing(): Promise<{ at: string; stop(): void }> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(request.url?.startsWith("/hooks") ? 404 : 401).end();
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return { at: `127.0.0.1:${(server.address() as AddressInfo).port}`, stop: () => server.close() };
}

describeWith(["mosquitto", "mosquitto_sub"], "secrets", () => {
  test("none of them is in the data folder, in what is printed, or in any answer", async () => {
    const folder = mkdtempSync(join(tmpdir(), "vigie-canary-"));
    const broker = await startMosquitto();
    const file = join(folder, "gateway.yaml");
    const nowhere = await freePort();
    const refusing = await startRefusing();
    writeFileSync(file, siteFile(broker.url, nowhere));
    const gateway = await launch(["run", "--config", file], {
      env: {
        CANARY: SECRET,
        BROKER: `mqtt://vigie:${SECRET}@127.0.0.1:${nowhere}/${SECRET}`,
        INFLUX: `http://${refusing.at}/${SECRET}`,
        HOOK: `http://${refusing.at}/hooks/${SECRET}?key=${SECRET}`,
      },
    });
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
      gateway.cookie = cookie;
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
      // What goes wrong with an address is told with its host, so that somebody can put it right.
      const told = [
        `usine: no connection to mqtt://127.0.0.1:${nowhere} (`,
        `http://${refusing.at} does not accept the token, check \`token\``,
        `chat: http://${refusing.at} a refusé l'alarme `,
      ];
      await eventually(
        () => {
          execFileSync("mosquitto_pub", ["-p", String(broker.port), "-t", "x/y", "-m", '{"v":5}']);
          return told.every((line) => gateway.output().includes(line)) || undefined;
        },
        20_000,
        gateway.output,
      );
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
            "logs?limit=500",
            "support",
          ].map((p) => `/api/v1/${p}`),
        ].map(async (path) => {
          const answer = await fetch(gateway.url + path, { headers: { cookie } });
          expect([path, answer.status]).toEqual([path, 200]);
          return answer.text();
        }),
      );
      listener.stop();
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
      refusing.stop();
    }
  }, 60_000);
});
