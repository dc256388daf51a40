#!/usr/bin/env node
// Runs on any Node: the gateway itself needs Node 24, which the package brings along (see docs/decisions/0001-runtime.md).
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import process from "node:process";
import { fileURLToPath } from "node:url";

const NEEDED = 24;

if (Number(process.versions.node.split(".")[0]) >= NEEDED) {
  const { main } = await import("./cli.ts");
  process.exitCode = await main(process.argv.slice(2));
  // A handle that a failed start left open must not keep a finished command alive.
  setTimeout(() => process.exit(), 1_000).unref();
} else {
  const child = spawn(bundledNode(), [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}

function bundledNode() {
  try {
    return createRequire(import.meta.url).resolve(`node-linux-${process.arch}/bin/node`);
  } catch {
    console.error(
      `vigie needs Node ${NEEDED} or newer and found ${process.version}. On 64-bit Linux (x64, arm64) "npm ci" brings it along; elsewhere install it first.`,
    );
    process.exit(1);
  }
}
