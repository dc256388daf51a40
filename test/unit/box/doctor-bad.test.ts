import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { checkClock, checkDisk, checkWear } from "../../../gateway/box/checks.ts";
import { checkInflux } from "../../../gateway/box/checks-network.ts";
import { refuse, scriptedInflux } from "../../sim/influx-scripted.ts";
import { Certificates } from "../../sim/peers/certificates.ts";
import { freePort } from "../../sim/port.ts";

const folder = mkdtempSync(join(tmpdir(), "vigie-doctor-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const bin = join(import.meta.dirname, "../../../gateway/bin.mjs");

/** A program of the system that says this; put before the real one. */
function program(name: string, says: string): void {
  mkdirSync(join(folder, "bin"), { recursive: true });
  writeFileSync(join(folder, "bin", name), `#!/bin/sh\necho '${says}'\n`);
  chmodSync(join(folder, "bin", name), 0o755);
}

/** What `vigie doctor` prints of a site: each line that is not well, with what it says to do. */
async function doctor(site: string, language: "fr" | "en"): Promise<Map<string, string>> {
  const file = join(folder, "site.yaml");
  writeFileSync(file, `site: { id: a, name: A, timezone: Europe/Paris, language: ${language} }\nmachines: []\n${site}`);
  const env = { ...process.env, PATH: `${join(folder, "bin")}:${process.env.PATH}`, INFLUX_TOKEN: "t" };
  const child = spawn(process.execPath, [bin, "doctor", "--config", file, "--data", folder], { env });
  let out = "";
  for await (const chunk of child.stdout.setEncoding("utf8")) out += chunk;
  expect(child.exitCode ?? (await new Promise((done) => child.once("exit", done)))).toBe(1);
  const rows = [...out.matchAll(/^[!✗] (.+)\n(?: {4}→ (.+))?/gm)];
  return new Map(rows.map(([, text = "", advice = ""]) => [text, advice]));
}

test("each thing that is wrong with the box gets a line, and the line says what to do, in the language of the site", async () => {
  program("timedatectl", "no");
  program("vcgencmd", "throttled=0x50005");
  const other = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => other.once("listening", done));
  onTestFinished(() => void other.close());
  const influx = await scriptedInflux();
  onTestFinished(influx.close);
  influx.behave((_, response) => refuse(response, 401, "unauthorized access"));
  const certificates = new Certificates(folder);
  certificates.authority("ca");
  certificates.signed("server", "ca", "10");
  const { cert, key } = certificates.files("server");
  const away = await freePort();
  const site = `
web: { port: ${(other.address() as AddressInfo).port}, tls: { cert: ${cert}, key: ${key} } }
broker: { port: ${await freePort()} }
sinks:
  - { id: plant, type: mqtt, url: "mqtt://127.0.0.1:${away}" }
  - { id: influx, type: influx, url: "${influx.url}", token: "\${INFLUX_TOKEN}", org: o, bucket: mesures }
`;
  const said = { fr: [...(await doctor(site, "fr"))], en: [...(await doctor(site, "en"))] };
  const expected: [RegExp, RegExp, RegExp, RegExp][] = [
    [
      /^Alimentation insuffisante ou surchauffe \(0x50005\)/,
      /alimentation officielle/,
      /^Power too weak/,
      /official supply/,
    ],
    [/^Page : le port \d+ est pris/, /ss -ltnp/, /^Page: port \d+ is taken/, /ss -ltnp/],
    [/^plant : 127\.0\.0\.1:\d+ ne répond pas/, /rien n'est perdu/, /^plant: .* does not answer/, /nothing is lost/],
    [/^influx : InfluxDB refuse le jeton/, /secrets\.env/, /^influx: InfluxDB refuses the token/, /secrets\.env/],
    [/^Certificat .*server\.crt : jusqu'au/, /qui l'a signé/, /^Certificate .*: until/, /whoever signed it/],
  ];
  for (const [fr, doFr, en, doEn] of expected) {
    expect(said.fr).toContainEqual([expect.stringMatching(fr), expect.stringMatching(doFr)]);
    expect(said.en).toContainEqual([expect.stringMatching(en), expect.stringMatching(doEn)]);
  }
  // No line is left without what to do.
  expect([...said.fr, ...said.en].filter(([, advice]) => advice === "")).toEqual([]);
});

describe("what this machine need not have", () => {
  const sys = join(folder, "sys");
  const life = (name: string, text: string) => {
    mkdirSync(join(sys, "block", name, "device"), { recursive: true });
    writeFileSync(join(sys, "block", name, "device/life_time"), text);
  };

  test("a clock that is not in sync: told what to do, unless it has a battery", async () => {
    program("timedatectl", "no");
    const path = process.env.PATH;
    process.env.PATH = `${join(folder, "bin")}:${path}`;
    onTestFinished(() => {
      process.env.PATH = path;
    });
    mkdirSync(sys, { recursive: true });
    expect(await checkClock(sys)).toMatchObject({
      state: "warn",
      advice: { fr: expect.stringContaining("NTP"), en: expect.stringContaining("DS3231") },
    });
    mkdirSync(join(sys, "class/rtc/rtc0"), { recursive: true });
    expect((await checkClock(sys)).state).toBe("ok");
    program("timedatectl", "yes");
    expect(await checkClock(sys)).toMatchObject({ state: "ok", text: { en: expect.stringContaining("in sync") } });
  });

  test("a worn card: to be changed, with a backup first", async () => {
    expect((await checkWear(sys)).state).toBe("ok");
    life("mmcblk0", "0x02 0x01\n");
    expect(await checkWear(sys)).toMatchObject({ state: "ok", text: { en: "Storage wear: 20 %" } });
    life("mmcblk0", "0x02 0x09\n");
    expect(await checkWear(sys)).toMatchObject({
      state: "bad",
      text: { fr: "Usure de la mémoire : 90 %" },
      advice: { fr: expect.stringContaining("vigie backup"), en: expect.stringContaining("change the card") },
    });
  });
});

test.runIf(process.getuid?.() === 0)("a disk that is nearly full, by a real one", async () => {
  const disk = mkdtempSync(join(folder, "disk-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", disk]);
  onTestFinished(() => void execFileSync("umount", [disk]));
  expect((await checkDisk(disk)).state).toBe("ok");
  writeFileSync(join(disk, "readings"), Buffer.alloc(1_950_000));
  expect(await checkDisk(disk)).toMatchObject({
    state: "bad",
    text: { en: expect.stringMatching(/^Disk: 0\.0 GB free \([0-9] %\)$/) },
    advice: { fr: expect.stringContaining("conservation"), en: expect.stringContaining("larger card") },
  });
  expect(await checkDisk(join(disk, "none"))).toMatchObject({ state: "bad", advice: { en: "Run vigie install." } });
});

test("InfluxDB: takes readings, knows no such bucket, is not there", async () => {
  const influx = await scriptedInflux();
  const asked = () => checkInflux("influx", { url: influx.url, token: "t", org: "o", bucket: "mesures" });
  expect((await asked()).state).toBe("ok");
  expect(influx.points.size).toBe(0);
  influx.behave((_, response) => refuse(response, 404, "bucket not found"));
  expect(await asked()).toMatchObject({ state: "bad", text: { en: expect.stringContaining('know "mesures"') } });
  // What it has to say about a write of nothing is not what is asked here.
  influx.behave((_, response) => refuse(response, 400, "writing requires points"));
  expect((await asked()).state).toBe("ok");
  await influx.close();
  expect(await asked()).toMatchObject({ state: "warn", advice: { fr: expect.stringContaining("rien n'est perdu") } });
});
