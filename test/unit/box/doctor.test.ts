import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkSecrets } from "../../../gateway/box/checks.ts";
import { checkCertificate, checkPort, checkServer } from "../../../gateway/box/checks-network.ts";
import { askHealth } from "../../../gateway/box/health.ts";
import { readSecrets } from "../../../gateway/box/secrets.ts";
import { DAY } from "../../../gateway/core/time.ts";
import { Certificates } from "../../sim/peers/certificates.ts";
import { freePort } from "../../sim/port.ts";

const folder = mkdtempSync(join(tmpdir(), "vigie-doctor-"));
const bin = join(import.meta.dirname, "../../../gateway/bin.mjs");

test("secrets that others can read are bad, with what to do; the usual file is fine", async () => {
  const file = join(folder, "secrets.env");
  writeFileSync(file, "A=1\n# no\nB='two words'\nbroken\n C = x\n", { mode: 0o600 });
  expect(readSecrets(file)).toEqual({ A: "1", B: "two words" });
  expect(await checkSecrets(file)).toMatchObject({ state: "ok" });
  chmodSync(file, 0o644);
  expect(await checkSecrets(file)).toMatchObject({
    state: "bad",
    advice: { en: expect.stringContaining("chmod 600") },
  });
  expect(await checkSecrets(join(folder, "none"))).toBeUndefined();
});

test("a certificate is fine, ends soon, has ended, or is none", async () => {
  const certificates = new Certificates(folder);
  certificates.authority("ca");
  certificates.signed("long", "ca", "400");
  const at = async (file: string, days: number) =>
    (await checkCertificate(certificates.at(file), Date.now() + days * DAY)).state;
  expect([
    await at("long.crt", 0),
    await at("long.crt", 390),
    await at("long.crt", 401),
    await at("long.key", 0),
  ]).toEqual(["ok", "warn", "bad", "bad"]);
});

test("a gateway that answers over TLS only is asked over TLS, whatever its certificate says", async () => {
  const certificates = new Certificates(folder);
  certificates.authority("box");
  const { cert, key } = certificates.files("box");
  const health = { log: "ok", readings: "ok", points: { of: 3, good: 2 } };
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) =>
    response.writeHead(request.url === "/healthz" ? 200 : 404).end(JSON.stringify(health)),
  );
  await new Promise<void>((done) => server.listen(0, "0.0.0.0", done));
  const { port } = server.address() as AddressInfo;
  expect(await askHealth({ host: "0.0.0.0", port })).toEqual({ well: true, ...health });
  expect(await askHealth({ host: "127.0.0.1", port })).toBeUndefined();
  server.close();
  expect(await askHealth({ host: "0.0.0.0", port })).toBeUndefined();
});

test("ports and servers: free, silent, and no address at all", async () => {
  const place = { host: "127.0.0.1", port: await freePort() };
  expect((await checkPort("Page", place, false)).state).toBe("ok");
  expect((await checkPort("Page", place, true)).state).toBe("bad");
  expect((await checkServer("influx", `http://127.0.0.1:${place.port}`)).state).toBe("warn");
  expect((await checkServer("influx", "nowhere")).state).toBe("bad");
});

test("vigie doctor: every line that is not well says what to do, for people and for programs", () => {
  const site = join(folder, "site.yaml");
  writeFileSync(
    site,
    "site: { id: a, name: A, timezone: Europe/Paris, language: fr }\nmachines: []\ndrivers: [{ id: x, type: nothing }]\n",
  );
  const run = (...more: string[]) =>
    spawnSync(process.execPath, [bin, "doctor", "--config", site, "--data", folder, ...more], {
      encoding: "utf8",
      env: { ...process.env, LANG: "en" },
    });
  const spoken = run();
  expect(spoken.status).toBe(1);
  // The site speaks French, whatever the locale of the box.
  expect(spoken.stdout).toMatch(/^✗ Fichier de site : .*type inconnu nothing/m);
  const rows = spoken.stdout.trimEnd().split("\n");
  for (const [i, row] of rows.entries()) if (/^[!✗]/.test(row)) expect(rows[i + 1]).toMatch(/^ {4}→ .{5,}/);
  const checks = JSON.parse(run("--json").stdout) as { state: string; advice?: object }[];
  expect(checks.length).toBe(rows.filter((row) => /^[✓!✗]/.test(row)).length);
  for (const { state, advice } of checks) expect(advice !== undefined).toBe(state !== "ok");
});

test("vigie healthcheck fails where nobody answers", async () => {
  const args = [bin, "healthcheck", "--port", String(await freePort())];
  expect(() => execFileSync(process.execPath, args, { stdio: "ignore" })).toThrow();
});
