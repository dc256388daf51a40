// `npm run test:install` (root, Debian's mirror): a fresh Debian with its own systemd as process 1, installed from the release tarball,
// reading simulated machines; then everything that an update, a backup and a removal may do to it.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { eventually } from "../sim/gateway.ts";
import { Box, makeRoot, must } from "./box.ts";
import { checkHardening } from "./hardening.ts";
import { debianPackage, fromCheckout } from "./packages.ts";
import { broken, deaf, reshaping, variant } from "./releases.ts";
import { forget, uninstall } from "./removal.ts";
import { serialClasses, serialLine } from "./serial.ts";

const { values } = parseArgs({ options: { keep: { type: "boolean" } } });
const work = mkdtempSync(join(process.env.VIGIE_TEST_DISK ?? tmpdir(), "vigie-install-"));
const bin = join(import.meta.dirname, "../../gateway/bin.mjs");
const key = join(work, "key.pem");
const other = join(work, "other.pem");

/** One line of the report: what was done, and how long it took. */
async function step<T>(what: string, work_: () => Promise<T>): Promise<T> {
  const from = performance.now();
  const result = await work_();
  console.log(`✓ ${what} (${((performance.now() - from) / 1_000).toFixed(1)} s)`);
  return result;
}

const site = (ports: Record<string, number>) => `
site: { id: atelier, name: Atelier, timezone: Europe/Paris, language: fr }
web: { host: 0.0.0.0 }
machines: [{ id: tour-1, name: Tour }]
drivers:
  - id: ligne-1
    type: modbus
    port: "tcp://127.0.0.1:${ports.SIM_MODBUS}"
    timeout: 300ms
    devices: [{ id: compteur, profile: eastron-sdm120, slave: 1, every: 1s, machine: tour-1 }]
`;

async function install(box: Box): Promise<void> {
  const release = "/root/release";
  const node = `${release}/node_modules/node-linux-${process.arch}/bin/node`;
  const first = await box.does(node, `${release}/gateway/bin.mjs`, "install");
  must(/Premier compte : .* une seule fois/.test(first), `the first-run code was not shown:\n${first}`);
  const again = await box.does(node, `${release}/gateway/bin.mjs`, "install", "--no-start");
  must(/Tout est déjà en place/.test(again), `installing again changed something:\n${again}`);
  await eventually(async () => (await box.tries("vigie", "healthcheck")).code === 0 || undefined, 30_000);
}

/** The simulated machines, as a service of the box, at ports that survive a restart of it. */
async function simulator(box: Box): Promise<Record<string, number>> {
  // What an earlier one has written says where that one listened.
  rmSync(join(box.root, "root/ports.json"), { force: true });
  await box.does("systemd-run", "--unit=simulator", "/bin/sh", "-c", "exec vigie simulate --json > /root/ports.json");
  return eventually(() => portsOf(box), 20_000);
}

/** Where the simulated machines listen now. */
function portsOf(box: Box): Record<string, number> | undefined {
  try {
    return JSON.parse(readFileSync(join(box.root, "root/ports.json"), "utf8"));
  } catch {
    return undefined;
  }
}

const version = async (box: Box) => /vigie (\S+)/.exec(await box.does("vigie", "version"))?.[1];

async function reads(box: Box, within = 40_000): Promise<number> {
  return eventually(
    () => box.good(),
    within,
    () => "it reads nothing",
  );
}

/** An update that has to be refused or taken back: code 1, the version from before, its machines read. */
async function stays(box: Box, file: string, words: RegExp): Promise<void> {
  const before = await version(box);
  const { code, out } = await box.tries("vigie", "update", "--from", `/root/${file}`);
  must(code === 1 && words.test(out), `expected ${words}, got ${code}:\n${out}`);
  must((await version(box)) === before, `version ${await version(box)} runs instead of ${before}`);
  await reads(box);
}

/** The same for one that gets as far as running: how long until its machines are read again, from the switch on. */
async function takenBack(box: Box, file: string): Promise<number> {
  const before = linked(box, "current");
  const over = stays(box, file, /retour à /);
  const is = (old: boolean) => eventually(() => (linked(box, "current") === before) === old || undefined, 120_000);
  await Promise.race([over, is(false)]);
  const from = performance.now();
  await Promise.race([over, is(true).then(() => reads(box, 60_000))]);
  const took = performance.now() - from;
  await over;
  return took;
}

/** Asks the simulator's ports again after a boot and tells the site file. */
async function connect(box: Box): Promise<void> {
  writeFileSync(join(box.root, "etc/vigie/gateway.yaml"), site(await simulator(box)));
  await box.does("systemctl", "restart", "vigie");
  await reads(box);
}

/** As a person does it in a browser: the first account by its code, then a change of the site file, by the service in its sandbox. */
async function saves(box: Box): Promise<void> {
  const journal = await box.does("journalctl", "-u", "vigie", "--no-pager", "-o", "cat");
  const code = /une seule fois : (\S+)/.exec(journal.slice(journal.lastIndexOf("Premier compte")))?.[1] ?? "";
  const file = join(box.root, "root/save.mjs");
  writeFileSync(
    file,
    `const [code] = process.argv.slice(2);
let cookie = "";
async function ask(method, path, body) {
  const headers = { cookie, origin: "https://127.0.0.1:8080", "content-type": "application/json" };
  const answer = await fetch("https://127.0.0.1:8080/api/v1/" + path, { method, headers, body: body && JSON.stringify(body) });
  cookie ||= answer.headers.getSetCookie().map((one) => one.split(";")[0]).join("; ");
  const text = await answer.text();
  if (!answer.ok) throw new Error(method + " " + path + ": " + answer.status + " " + text);
  return JSON.parse(text);
}
await ask("POST", "setup", { code, name: "claire", password: "une longue phrase de passe" });
const { text, revision } = await ask("GET", "config");
await ask("PUT", "config", { text: text + "# saved by the page\\n", revision });
`,
  );
  const node = `/opt/vigie/current/node_modules/node-linux-${process.arch}/bin/node`;
  await box.does("env", "NODE_TLS_REJECT_UNAUTHORIZED=0", node, "/root/save.mjs", code);
  must(/# saved by the page/.test(readFileSync(join(box.root, "etc/vigie/gateway.yaml"), "utf8")), "nothing was saved");
  await reads(box);
  const state = (await box.tries("systemctl", "is-active", "vigie")).out.trim();
  must(state === "active", `after a new site file systemd takes the service for ${state}`);
}

async function updates(box: Box): Promise<void> {
  const base = "0.1.";
  const make = async (n: number, patch: Parameters<typeof variant>[3], signer = key) => {
    const file = await variant(work, `${base}${n}`, signer, patch);
    execFileSync("mv", [file, join(box.root, "root")]);
    return file.split("/").at(-1) ?? "";
  };
  const good = await make(1, []);
  await step("update to 0.1.1: verified, switched, reads its machines", async () => {
    await box.does("vigie", "update", "--from", `/root/${good}`);
    must((await version(box)) === "0.1.1", "0.1.1 does not run");
    must(readdirSync(join(box.root, "opt/vigie/releases")).includes("0.1.0"), "0.1.0 is gone");
  });
  await step("the same version, another key, and a flipped byte are refused", async () => {
    await stays(box, good, /pas plus récente que 0\.1\.1/);
    await stays(box, await make(2, [], other), /signée par la clé/);
    const flipped = await make(2, []);
    const path = join(box.root, "root", flipped);
    const bytes = readFileSync(path);
    const at = Math.floor(bytes.length / 2);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    await stays(box, flipped, /Refusée, rien n.a changé/);
  });
  for (const [n, what, patch] of [
    [3, "does not start", broken],
    [4, "polls nothing", deaf],
    [5, "changes the store's shape and polls nothing", [...deaf, ...reshaping]],
  ] as const) {
    const file = await make(n, patch);
    const took = await step(`a version that ${what}: taken back`, () => takenBack(box, file));
    console.log(`  machines read again ${(took / 1_000).toFixed(0)} s after the switch`);
    must(took <= 60_000, "more than a minute");
  }
  const last = await make(6, deaf);
  await step(
    "the plug pulled while a version that polls nothing is on trial: the next boot takes it back",
    async () => {
      void box.tries("vigie", "update", "--from", `/root/${last}`);
      await eventually(() => (linked(box, "current") === "0.1.6" ? true : undefined), 60_000);
      await box.cut();
      await box.boot();
      await simulator(box).then((ports) => writeFileSync(join(box.root, "etc/vigie/gateway.yaml"), site(ports)));
      await eventually(() => (linked(box, "current") === "0.1.1" && !linked(box, "before") ? true : undefined), 60_000);
      await box.does("systemctl", "restart", "vigie");
      await reads(box);
    },
  );
}

function linked(box: Box, name: string): string | undefined {
  try {
    return execFileSync("readlink", [join(box.root, "opt/vigie", name)], { encoding: "utf8" })
      .trim()
      .split("/")
      .at(-1);
  } catch {
    return undefined;
  }
}

/** Backup, loss of everything, restore: what was read before is there again. */
async function backup(box: Box): Promise<void> {
  const points = async () => {
    const out = await box.asVigie(
      "export",
      "--data",
      "/var/lib/vigie",
      "--point",
      "tour-1/power_active",
      "--from",
      "2020-01-01",
      "--to",
      "2100-01-01",
    );
    return out.trim().split("\n").length;
  };
  await box.asVigie("backup", "/var/lib/vigie/copy.vigie", "--data", "/var/lib/vigie");
  await box.does("systemctl", "stop", "vigie");
  const before = await points();
  must(before > 10, `only ${before} lines to save`);
  await box.does("sh", "-c", "rm /var/lib/vigie/vigie.db*");
  // As people do it: with sudo, though the gateway runs as a user of its own.
  await box.does("vigie", "restore", "/var/lib/vigie/copy.vigie", "--data", "/var/lib/vigie");
  const after = await points();
  must(after > before - 30 && after <= before, `${before} lines before, ${after} after`);
  await box.does("systemctl", "start", "vigie");
  await reads(box);
}

async function watchdog(box: Box): Promise<void> {
  const pid = async () => (await box.does("systemctl", "show", "-p", "MainPID", "--value", "vigie")).trim();
  const killed = await pid();
  await box.does("systemctl", "kill", "--kill-who=main", "-s", "KILL", "vigie");
  await eventually(
    async () => !["0", killed].includes(await pid()) || undefined,
    5_000,
    () => "not started again",
  );
  await reads(box);
  const frozen = await pid();
  await box.does("systemctl", "kill", "--kill-who=main", "-s", "STOP", "vigie");
  await eventually(
    async () => !["0", frozen].includes(await pid()) || undefined,
    45_000,
    () => "the watchdog slept",
  );
  await reads(box);
}

// Interrupted, it ends as it does otherwise: the box dies on exit.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
process.once("exit", () => {
  if (values.keep) console.log(work);
  else rmSync(work, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
});

const box = await step("a fresh Debian", async () => new Box(makeRoot(work)));
try {
  await step("release, signed, and Debian package", async () => {
    execFileSync(process.execPath, [bin, "release", "--new-key", key, "--out", work, "--deb"], { stdio: "ignore" });
    const tarball = readdirSync(work).find((name) => name.endsWith(".tar.gz")) ?? "";
    mkdirSync(join(work, "base"));
    execFileSync("tar", ["-xzf", join(work, tarball), "--strip-components=1", "-C", join(work, "base")]);
    execFileSync("cp", ["-r", join(work, "base"), join(box.root, "root/release")]);
    const { newKey } = await import("../../gateway/box/manifest.ts");
    newKey(other);
  });
  await step("systemd runs as process 1", () => box.boot());
  await step("install from the tarball, twice; the first-run code is shown", () => install(box));
  await step("it reads the simulated machines", () => connect(box));
  await step("the page saves the site file", () => saves(box));
  for (const line of await checkHardening(box)) console.log(`  ${line}`);
  console.log(`  the unit lets the service open: ${await serialClasses(box)}`);
  const { SIM_RTU = 0 } = portsOf(box) ?? {};
  await step("Modbus RTU over a terminal: read, pulled out, read again", () => serialLine(box, SIM_RTU));
  await step("killed: there again; frozen: the watchdog starts it again", () => watchdog(box));
  await updates(box);
  await step("backup, everything lost, restore", () => backup(box));
  await step("uninstall: program gone, data and site file there", () => uninstall(box));
  await step("handed on: nothing of its owner is left", () => forget(box));
  const means = { work, key, reads, site: site(portsOf(box) ?? {}) };
  await step("Debian package: installed, a later one put over it, removed", () => debianPackage(box, means));
  await step("handed on again", () => forget(box));
  await step("install from a checkout", () => fromCheckout(box, means));
  console.log("installed, updated, taken back, restored, removed: all well");
} catch (error) {
  console.error(error);
  console.error((await box.tries("journalctl", "-u", "vigie", "-u", "vigie-settle", "-n", "60", "--no-pager")).out);
  process.exitCode = 1;
} finally {
  await box.cut();
}
