import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../port.ts";
import { until } from "./kit.ts";

export interface Mosquitto {
  url: string;
  port: number;
  /** Takes it off the air like a power cut; `start` brings it back on the same port. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A real mosquitto on a free port, with extra lines of its configuration. */
export async function startMosquitto(lines: readonly string[] = ["allow_anonymous true"]): Promise<Mosquitto> {
  const folder = await mkdtemp(join(tmpdir(), "mosquitto-"));
  const port = await freePort();
  const file = join(folder, "mosquitto.conf");
  await writeFile(file, [`listener ${port} 127.0.0.1`, "max_inflight_messages 1000", ...lines, ""].join("\n"));
  let child: ChildProcess | undefined;
  const start = async () => {
    child = spawn("mosquitto", ["-c", file], { stdio: "ignore", env: { PATH: `${process.env.PATH}:/usr/sbin` } });
    await until(() => answers(port), 5_000, "mosquitto listens");
  };
  const kill = async () => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  await start();
  return {
    url: `mqtt://127.0.0.1:${port}`,
    port,
    kill,
    start,
    stop: async () => {
      await kill();
      await rm(folder, { recursive: true });
    },
  };
}

/** mosquitto_sub: a client that we did not write. */
export function subscribe(port: number, filter: string, more: readonly string[] = []) {
  const args = ["-h", "127.0.0.1", "-p", String(port), "-q", "1", "-F", "%r %q %t %p", "-t", filter, ...more];
  const child = spawn("mosquitto_sub", args);
  const lines: { retained: boolean; qos: number; topic: string; payload: string }[] = [];
  let rest = "";
  child.stdout.on("data", (chunk) => {
    const all = (rest + chunk).split("\n");
    rest = all.pop() ?? "";
    for (const line of all) {
      const [retained, qos, topic = "", ...payload] = line.split(" ");
      lines.push({ retained: retained === "1", qos: Number(qos), topic, payload: payload.join(" ") });
    }
  });
  return { lines, stop: () => child.kill("SIGKILL"), exit: once(child, "exit") };
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(port, "127.0.0.1");
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("close", () => socket.destroy());
    socket.once("connect", () => socket.destroy());
  });
