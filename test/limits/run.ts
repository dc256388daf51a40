// `npm run test:limits` (root): the demonstration workshop on a root that cannot be written to, with 256 MB and one core. Prints
// what the kernel charged. Runs itself again in namespaces of its own; outside of them nothing is changed.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { launch } from "../sim/gateway.ts";
import { counted, sumOf } from "../sim/metrics.ts";
import { Group } from "./group.ts";

const MEMORY = 256 * 2 ** 20;
const SECONDS = Number(process.argv[2] ?? 70);
const name = process.env.VIGIE_GROUP ?? `vigie-limits-${process.pid}`;
const group = new Group(name, { bytes: MEMORY, cores: 1 });

if (process.env.VIGIE_INSIDE) {
  process.exitCode = await inside(process.env.VIGIE_INSIDE);
} else {
  if (process.getuid?.() !== 0) throw new Error("this needs root");
  const data = mkdtempSync(join(tmpdir(), "vigie-limits-"));
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
    { stdio: "inherit", env: { ...process.env, VIGIE_INSIDE: data, VIGIE_GROUP: name } },
  );
  run.on("exit", (code) => {
    group.remove();
    rmSync(data, { recursive: true, force: true });
    process.exit(code ?? 1);
  });
}

async function inside(data: string): Promise<number> {
  const write = spawnSync("touch", [join(import.meta.dirname, "cannot")], { encoding: "utf8" });
  if (write.status === 0) throw new Error("the root can be written to");
  // The data folder is where the site's own temporary files go too.
  const bin = join(import.meta.dirname, "../../gateway/bin.mjs");
  const simulator = spawn(process.execPath, [bin, "simulate", "--json"], { stdio: ["ignore", "pipe", "inherit"] });
  const ports = JSON.parse(String(await new Promise((done) => simulator.stdout.once("data", done)))) as object;
  const env = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]));
  // From here on this process and the gateway that it starts are charged; the simulator is not.
  group.enter(process.pid);
  const site = join(import.meta.dirname, "../../config/demo.yaml");
  const gateway = await launch(["run", "--config", site], { data: join(data, "store"), env });
  group.leave(process.pid);
  try {
    let most = 0;
    for (const end = performance.now() + SECONDS * 1_000; performance.now() < end; await sleep(500))
      most = Math.max(most, group.charged);
    const counts = counted(await gateway.metrics());
    const [good, skipped] = [sumOf(counts, "readings_good_total"), sumOf(counts, "readings_skipped_total")];
    const files = execFileSync("find", [data, "-type", "f"], { encoding: "utf8" }).trim().split("\n").length;
    console.log(
      `read-only root, 256 MB, one core, ${SECONDS} s: ${good} good readings, ${skipped} skipped; charged ${Math.round(most / 2 ** 20)} MB at most; ` +
        `${group.throttled}; ${files} files, all in the data folder`,
    );
    return gateway.process.exitCode === null && good > SECONDS * 5 && most <= MEMORY ? 0 : 1;
  } finally {
    await gateway.stop();
    simulator.kill();
  }
}
