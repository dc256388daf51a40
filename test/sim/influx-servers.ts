import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./port.ts";

/** A real server in a process of its own, with its data in a temporary folder. */
export interface RealServer {
  url: string;
  stop(): Promise<void>;
}

/** One that can be away for a while, with everything it has stored. */
export interface RestartableServer extends RealServer {
  /** Ends it as its service would; `start` brings it back at the same address. */
  end(): Promise<void>;
  start(): Promise<void>;
}

/** Debian's victoria-metrics: takes `/api/v2/write` as InfluxDB 2 does. */
export async function startVictoriaMetrics(): Promise<RestartableServer> {
  const folder = mkdtempSync(join(tmpdir(), "vigie-vm-"));
  const listen = `127.0.0.1:${await freePort()}`;
  const flags = [
    `-httpListenAddr=${listen}`,
    `-storageDataPath=${folder}`,
    "-retentionPeriod=100y",
    "-loggerLevel=ERROR",
  ];
  let server: RealServer | undefined;
  let child: ChildProcess | undefined;
  const start = async () => {
    child = spawn("victoria-metrics", flags, { stdio: "ignore" });
    server = await ready(child, folder, `http://${listen}`, "/health");
  };
  await start();
  return {
    url: `http://${listen}`,
    start,
    end: () => ended(child, "SIGTERM"),
    stop: async () => server?.stop(),
  };
}

/**
 * Debian's InfluxDB 1.6, a real engine. It speaks `/query` by itself; `/api/v2/write` came with 1.8, so a test-only front
 * turns that into `/write`, and everything else is passed on.
 */
export async function startInflux1(database: string): Promise<RealServer> {
  const folder = mkdtempSync(join(tmpdir(), "vigie-influx-"));
  const [http, rpc] = [await freePort(), await freePort()];
  const config = join(folder, "influxdb.conf");
  writeFileSync(
    config,
    `reporting-disabled = true
bind-address = "127.0.0.1:${rpc}"
[meta]
dir = "${folder}/meta"
[data]
dir = "${folder}/data"
wal-dir = "${folder}/wal"
query-log-enabled = false
max-series-per-database = 0
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:${http}"
log-enabled = false
`,
  );
  const child = spawn("influxd", ["-config", config], { stdio: "ignore" });
  const engine = await ready(child, folder, `http://127.0.0.1:${http}`, "/ping");
  await fetch(`${engine.url}/query`, {
    method: "POST",
    body: new URLSearchParams({ q: `CREATE DATABASE "${database}"` }),
  });
  const front = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? "", engine.url);
    if (url.pathname === "/api/v2/write") {
      url.pathname = "/write";
      const [db = "", rp] = (url.searchParams.get("bucket") ?? "").split("/");
      url.search = new URLSearchParams({ db, precision: "n", ...(rp && { rp }) }).toString();
    }
    const passed = httpRequest(url, { method: incoming.method ?? "GET", headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on("error", () => outgoing.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    stop: async () => {
      front.closeAllConnections();
      front.close();
      await engine.stop();
    },
  };
}

async function ready(child: ChildProcess, folder: string, url: string, path: string): Promise<RealServer> {
  const stop = async () => {
    await ended(child, "SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  for (let tries = 0; ; tries++) {
    const up = await fetch(url + path).then(
      (response) => response.ok,
      () => false,
    );
    if (up) return { url, stop };
    if (tries > 200 || child.exitCode !== null) {
      await stop();
      throw new Error(`${url} did not come up`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function ended(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, "exit");
}
