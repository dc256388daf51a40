import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../sim/gateway.ts";
import { freePort } from "../sim/port.ts";

const BIN = join(import.meta.dirname, "../../gateway/bin.mjs");

/** `vigie demo` on ports that stay the same when a changed site file starts it anew. */
export async function demoOnFixedPort(config: string): Promise<{ url: string; data: string; stop(): Promise<void> }> {
  const [port, mqtt] = [await freePort(), await freePort()];
  const data = mkdtempSync(join(tmpdir(), "vigie-"));
  const flags = ["--config", config, "--data", data, "--port", String(port), "--mqtt-port", String(mqtt)];
  const child = spawn(process.execPath, [BIN, "demo", ...flags], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += chunk;
    });
  }
  const url = `http://127.0.0.1:${port}`;
  const answers = async () => {
    if (child.exitCode !== null) throw new Error(`the gateway ended with ${child.exitCode}:\n${output}`);
    return (await fetch(`${url}/healthz`).catch(() => undefined)) ? true : undefined;
  };
  await eventually(answers, 30_000, () => `the gateway does not answer:\n${output}`);
  return {
    url,
    data,
    stop: async () => {
      if (child.exitCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}
