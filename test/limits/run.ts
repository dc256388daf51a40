// `npm run test:limits` (root): the demonstration workshop on a root that cannot be written to, with 256 MB and one core. Prints
// what the kernel charged. Runs itself again in namespaces of its own; outside of them nothing is changed.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { launch } from "../sim/gateway.ts";

const MEMORY = 256 * 2 ** 20;
const SECONDS = Number(process.argv[2] ?? 70);
const group = `vigie-limits-${process.pid}`;

if (process.env.VIGIE_INSIDE) {
  process.exitCode = await inside(process.env.VIGIE_INSIDE);
} else {
  if (process.getuid?.() !== 0) throw new Error("this needs root");
  const data = mkdtempSync(join(tmpdir(), "vigie-limits-"));
  const limits = limitsOf(group);
  const shell = [
    // Everything read-only but the data folder: what a read-only root with a writable /var/lib/vigie is.
    "mount --make-rprivate /",
    'mount --bind "$1" "$1"',
    "mount -o remount,bind,ro /",
    'exec "$2" "$3" "$4"',
  ].join(" && ");
  const run = spawn(
    "unshare",
    [
      "--mount",
      "--fork",
      "--kill-child",
      "sh",
      "-c",
      shell,
      "sh",
      data,
      process.execPath,
      import.meta.filename,
      String(SECONDS),
    ],
    { stdio: "inherit", env: { ...process.env, VIGIE_INSIDE: data, VIGIE_GROUP: JSON.stringify(limits) } },
  );
  run.on("exit", (code) => {
    for (const folder of Object.values(limits)) removeGroup(folder);
    rmSync(data, { recursive: true, force: true });
    process.exit(code ?? 1);
  });
}

/** Control groups of 256 MB and one core, in whichever version of cgroups this kernel has. */
function limitsOf(name: string): Record<string, string> {
  const one = "/sys/fs/cgroup";
  if (existsSync(join(one, "memory"))) {
    const [memory, cpu] = [join(one, "memory", name), join(one, "cpu", name)];
    for (const folder of [memory, cpu]) mkdirSync(folder);
    writeFileSync(join(memory, "memory.limit_in_bytes"), String(MEMORY));
    writeFileSync(join(cpu, "cpu.cfs_period_us"), "100000");
    writeFileSync(join(cpu, "cpu.cfs_quota_us"), "100000");
    return { memory, cpu };
  }
  const folder = join(one, name);
  writeFileSync(join(one, "cgroup.subtree_control"), "+memory +cpu");
  mkdirSync(folder);
  writeFileSync(join(folder, "memory.max"), String(MEMORY));
  writeFileSync(join(folder, "memory.swap.max"), "0");
  writeFileSync(join(folder, "cpu.max"), "100000 100000");
  return { memory: folder, cpu: folder };
}

async function inside(data: string): Promise<number> {
  const limits = JSON.parse(process.env.VIGIE_GROUP ?? "{}") as Record<string, string>;
  const write = spawnSync("touch", [join(import.meta.dirname, "cannot")], { encoding: "utf8" });
  if (write.status === 0) throw new Error("the root can be written to");
  // The data folder is where the site's own temporary files go too.
  const bin = join(import.meta.dirname, "../../gateway/bin.mjs");
  const simulator = spawn(process.execPath, [bin, "simulate", "--json"], { stdio: ["ignore", "pipe", "inherit"] });
  const ports = JSON.parse(String(await new Promise((done) => simulator.stdout.once("data", done)))) as object;
  const env = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]));
  // From here on this process and the gateway that it starts are charged; the simulator is not.
  for (const folder of new Set(Object.values(limits))) writeFileSync(join(folder, "cgroup.procs"), String(process.pid));
  const site = join(import.meta.dirname, "../../config/demo.yaml");
  const gateway = await launch(["run", "--config", site], { data: join(data, "store"), env });
  for (const folder of new Set(Object.values(limits))) {
    const outside = join(folder, "..", "cgroup.procs");
    writeFileSync(outside, String(process.pid));
  }
  try {
    let most = 0;
    for (const end = performance.now() + SECONDS * 1_000; performance.now() < end; await sleep(500))
      most = Math.max(most, charged(limits.memory ?? ""));
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    const sum = (name: string) =>
      [...metrics.matchAll(new RegExp(`^vigie_${name}\\{.*\\} (\\d+)$`, "gm"))].reduce((n, m) => n + Number(m[1]), 0);
    const [good, skipped] = [sum("readings_good_total"), sum("readings_skipped_total")];
    const files = execFileSync("find", [data, "-type", "f"], { encoding: "utf8" }).trim().split("\n").length;
    console.log(
      `read-only root, 256 MB, one core, ${SECONDS} s: ${good} good readings, ${skipped} skipped; charged ${Math.round(most / 2 ** 20)} MB at most; ` +
        `${throttled(limits.cpu ?? "")}; ${files} files, all in the data folder`,
    );
    return gateway.process.exitCode === null && good > SECONDS * 5 && most <= MEMORY ? 0 : 1;
  } finally {
    await gateway.stop();
    simulator.kill();
  }
}

function charged(folder: string): number {
  const current = join(folder, "memory.current");
  return Number(readFileSync(existsSync(current) ? current : join(folder, "memory.usage_in_bytes"), "utf8"));
}

function throttled(folder: string): string {
  const stat = readFileSync(join(folder, "cpu.stat"), "utf8");
  const field = (name: string) => new RegExp(`^${name} (\\d+)`, "m").exec(stat)?.[1] ?? "?";
  return `throttled in ${field("nr_throttled")} of ${field("nr_periods")} periods of 100 ms`;
}

function removeGroup(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Its last process is still on its way out; an empty group costs nothing.
  }
}
