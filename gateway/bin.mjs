#!/usr/bin/env node
// Runs on any Node. The gateway itself needs Node 24, which the package brings along, started with a small young generation and
// a cache of compiled code: that halves its memory and start time (docs/decisions/0001-runtime.md).
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const NEEDED = 24;
// A small site lives in little memory; a large one (cli/lib/room.ts) spends 25 MB so that its readings die young.
const FLAGS = [
  "--disable-sigusr1",
  ...(process.env.VIGIE_SITE === "large"
    ? ["--max-semi-space-size=16"]
    : ["--max-semi-space-size=2", "--optimize-for-size"]),
];
// One malloc arena: every thread gets its own otherwise, and most of each stays empty. What is large goes back to the system when
// it is freed: malloc raises that bound by itself otherwise.
const MALLOC = { MALLOC_ARENA_MAX: "1", MALLOC_MMAP_THRESHOLD_: "131072", MALLOC_TRIM_THRESHOLD_: "131072" };
// Threads that wait for name servers (gateway/names.ts), besides those for files.
const THREADS = { UV_THREADPOOL_SIZE: "16" };
const STARTED = "VIGIE_STARTED";

if (process.env[STARTED]) {
  delete process.env[STARTED];
  const { main } = await import("./cli.ts");
  process.exitCode = await main(process.argv.slice(2));
  // A handle that a failed start left open must not keep a finished command alive.
  setTimeout(() => process.exit(), 1_000).unref();
} else {
  start(Number(process.versions.node.split(".")[0]) >= NEEDED ? process.execPath : bundledNode());
}

function start(node) {
  const self = fileURLToPath(import.meta.url);
  const args = [...FLAGS, ...process.execArgv, self, ...process.argv.slice(2)];
  const cache = fileURLToPath(new URL("../node_modules/.cache/vigie", import.meta.url));
  const env = { NODE_COMPILE_CACHE: cache, ...MALLOC, ...THREADS, ...process.env, [STARTED]: "1" };
  // The same process becomes the gateway where Node can do that; a parent that waits otherwise.
  if (process.execve && !process.connected) process.execve(node, [node, ...args], env);
  const child = spawn(node, args, {
    stdio: process.connected ? ["inherit", "inherit", "inherit", "ipc"] : "inherit",
    env,
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  process.once("disconnect", () => child.kill());
  child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}

function bundledNode() {
  const found = ["x64", "arm64"]
    .filter((arch) => arch === process.arch)
    .flatMap((arch) =>
      createRequire(import.meta.url)
        .resolve.paths(`node-linux-${arch}`)
        ?.map((folder) => `${folder}/node-linux-${arch}/bin/node`),
    )
    .find((path) => path && existsSync(path));
  if (found) return found;
  console.error(
    `vigie demande Node ${NEEDED} ou plus récent et trouve ${process.version}. Sur Linux 64 bits (x64, arm64), « npm ci » l'apporte ; ailleurs, installez-le d'abord.\n` +
      `vigie needs Node ${NEEDED} or newer and found ${process.version}. On 64-bit Linux (x64, arm64) "npm ci" brings it along; elsewhere install it first.`,
  );
  process.exit(1);
}
