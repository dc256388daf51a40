import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Registers } from "../../../gateway/simulate/slave.ts";
import { launch, type RunningGateway } from "../../sim/gateway.ts";
import { type RestartableServer, startVictoriaMetrics } from "../../sim/influx-servers.ts";
import { serveSlaves } from "../../sim/modbus/device.ts";
import { type Mosquitto, startMosquitto } from "../../sim/peers/mosquitto.ts";

export const SITE = "soak";
/** The site file wants secrets in the environment. */
const TOKEN = "SOAK_TOKEN";
const [SLAVES, REGISTERS] = [10, 20];
export const points = Array.from(
  { length: SLAVES * REGISTERS },
  (_, i) => `m${i % SLAVES}/r${Math.floor(i / SLAVES)}` as const,
);

/** A slave that can be away for a while. */
export interface Slave {
  leave(): void;
  comeBack(): void;
}

export interface World {
  gateway: RunningGateway;
  /** Where the gateway writes what it holds, once it was asked to (SIGUSR2). */
  held: string;
  mosquitto: Mosquitto;
  victoria: RestartableServer;
  slaves: readonly Slave[];
  /** The data folder's own small disk; undefined where this user may not mount one. */
  disk: string | undefined;
  end(): Promise<void>;
}

/** The real program on a small disk, ten slaves of 20 registers, a broker and a time series server. */
export async function openWorld(perSecond: number, megabytes: number): Promise<World> {
  await using opened = new AsyncDisposableStack();
  const root = mkdtempSync(join(tmpdir(), "vigie-soak-"));
  opened.defer(() => rmSync(root, { recursive: true, force: true }));
  const disk = process.getuid?.() === 0 ? mounted(root, megabytes, opened) : undefined;
  const slaves = await Promise.all(Array.from({ length: SLAVES }, (_, i) => startSlave(i, opened)));
  const mosquitto = await startMosquitto();
  opened.defer(() => mosquitto.stop());
  const victoria = await startVictoriaMetrics();
  opened.defer(() => victoria.stop());
  const every = Math.round((1_000 * points.length) / perSecond);
  const config = join(root, "site.yaml");
  writeFileSync(config, site(every, { mosquitto, victoria, slaves }));
  const held = join(root, "held");
  const preload = `--import=${join(import.meta.dirname, "held.ts")}`;
  const env = { [TOKEN]: "t", NODE_OPTIONS: preload, VIGIE_SOAK_HELD: held };
  const gateway = await launch(["run", "--config", config], {
    data: join(disk ?? root, "data"),
    env,
  });
  opened.defer(async () => void (await gateway.stop()));
  const rest = opened.move();
  return { gateway, held, mosquitto, victoria, slaves, disk, end: () => rest.disposeAsync() };
}

function mounted(root: string, megabytes: number, opened: AsyncDisposableStack): string {
  const [image, mount] = [join(root, "disk.img"), join(root, "disk")];
  mkdirSync(mount);
  execFileSync("truncate", ["-s", `${megabytes}M`, image]);
  execFileSync("mkfs.ext4", ["-q", "-F", "-m", "0", image]);
  execFileSync("mount", ["-o", "loop,noatime", image, mount]);
  opened.defer(() => void execFileSync("umount", [mount]));
  return mount;
}

/** Registers that move: each a slow wave with noise on it. */
async function startSlave(number: number, opened: AsyncDisposableStack): Promise<Slave & { port: number }> {
  const registers = new Registers();
  const turn = (n: number) => {
    for (let at = 0; at < REGISTERS; at++)
      registers.holding.set(at, Math.round(5_000 + 2_000 * Math.sin(n / 120 + at + number) + 50 * Math.random()));
  };
  turn(0);
  const { port, server } = await serveSlaves(new Map([[1, registers]]), "tcp");
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  let n = 0;
  const turning = setInterval(() => turn(++n), 500);
  const leave = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  opened.defer(() => {
    clearInterval(turning);
    leave();
  });
  return { port, leave, comeBack: () => void server.listen(port, "127.0.0.1") };
}

function site(
  every: number,
  { mosquitto, victoria, slaves }: Pick<World, "mosquitto" | "victoria"> & { slaves: readonly { port: number }[] },
): string {
  const signals = Object.fromEntries(
    Array.from({ length: REGISTERS }, (_, at) => [`r${at}`, { at, table: "holding", type: "u16", unit: "1" }]),
  );
  return JSON.stringify({
    site: { id: SITE, name: "Soak", timezone: "Europe/Paris", language: "en" },
    web: { open: true },
    broker: { enabled: false },
    notifiers: [],
    store: { keep: { size: "150MB" } },
    machines: slaves.map((_, i) => ({ id: `m${i}`, name: `M${i}` })),
    drivers: slaves.map(({ port }, i) => ({
      ...{ id: `line-${i}`, type: "modbus", port: `tcp://127.0.0.1:${port}` },
      devices: [{ id: "d", slave: 1, every: `${every}ms`, machine: `m${i}`, signals }],
    })),
    sinks: [
      { id: "history", type: "sqlite" },
      { id: "mqtt", type: "mqtt", url: mosquitto.url },
      { id: "influx", type: "influx", url: victoria.url, token: `\${${TOKEN}}`, bucket: "b", timeout: 5 },
    ],
    // One that comes and goes on each machine.
    detectors: slaves.map((_, i) => ({ id: `high-${i}`, type: "limit", point: `m${i}/r0`, high: 6_500 })),
  });
}
