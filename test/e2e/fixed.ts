import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../sim/gateway.ts";

const BIN = join(import.meta.dirname, "../../gateway/bin.mjs");

/** `vigie demo` on ports that stay the same when a changed site file starts it anew. */
export async function demoOnFixedPort(config: string): Promise<{ url: string; data: string; stop(): Promise<void> }> {
  const [port, mqtt] = [await freePort(), await freePort()];
  const data = mkdtempSync(join(tmpdir(), "vigie-"));
  const flags = ["--config", config, "--data", data, "--port", String(port), "--mqtt-port", String(mqtt)];
  const child = spawn(process.execPath, [BIN, "demo", ...flags], { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  const answers = async () => ((await fetch(`${url}/healthz`).catch(() => undefined)) ? true : undefined);
  await eventually(answers, 30_000, () => `the gateway does not answer (exit code ${child.exitCode})`);
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
