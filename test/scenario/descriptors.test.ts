import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { Agent, get } from "node:http";
import { createConnection, type Socket } from "node:net";
import { expect, test } from "vitest";
import type { PointAnswer } from "../../gateway/core/api.ts";
import type { SystemAnswer } from "../../gateway/core/api-box.ts";
import { describeWith } from "../need.ts";
import { eventually, launch } from "../sim/gateway.ts";
import { counted, sumOf } from "../sim/metrics.ts";

describeWith(["prlimit"], "no file descriptor left", () => {
  test("wires are read on, and the gateway says what it cannot measure", async () => {
    const gateway = await launch(["demo"]);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = (path: string) => answerOf(gateway.url + path, agent);
    const figure = async (name: string) => sumOf(counted(await ask("/metrics")), name);
    const memory = async () =>
      (JSON.parse(await ask("/api/v1/points")) as PointAnswer[]).find(({ id }) => id === "gateway/memory_bytes");
    const crowd = new Crowd([gateway.url, gateway.mqtt ?? ""].map((url) => Number(new URL(url).port)));
    try {
      await eventually(async () => (await figure("readings_good_total")) > 50 || undefined, 20_000);
      const pid = gateway.process.pid ?? 0;
      const open = readdirSync(`/proc/${pid}/fd`).length;
      execFileSync("prlimit", ["--pid", String(pid), `--nofile=${open + 10}:4096`]);
      crowd.push();
      await eventually(async () => Number.isNaN(await figure("memory_bytes")) || undefined, 20_000);
      const before = await figure("readings_good_total");
      await eventually(async () => (await memory())?.why === "device" || undefined, 40_000, gateway.output);
      expect((await memory())?.value).toBeNull();
      expect((await figure("readings_good_total")) - before).toBeGreaterThan(50);
      expect(await figure("driver_restarts_total")).toBe(0);
      const system = async () => JSON.parse(await ask("/api/v1/system")) as SystemAnswer;
      await eventually(
        async () => ((await system()).disk.used === null && (await system()).memory.rss === null) || undefined,
        20_000,
      );
      expect((await system()).disk.free).toBeGreaterThan(0);
      expect(gateway.process.exitCode).toBeNull();
    } finally {
      crowd.leave();
      agent.destroy();
      await gateway.stop();
    }
  }, 180_000);
});

/** Connections that say nothing, and come again when they are thrown out. */
class Crowd {
  readonly #ports: readonly number[];
  readonly #sockets = new Set<Socket>();
  #again: NodeJS.Timeout | undefined;

  constructor(ports: readonly number[]) {
    this.#ports = ports;
  }

  push(): void {
    this.#again = setInterval(() => {
      while (this.#sockets.size < 60) this.#knock(this.#ports[this.#sockets.size % this.#ports.length] ?? 0);
    }, 50);
  }

  leave(): void {
    clearInterval(this.#again);
    for (const socket of this.#sockets) socket.destroy();
  }

  #knock(port: number): void {
    const socket = createConnection(port, "127.0.0.1");
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => this.#sockets.delete(socket));
  }
}

const answerOf = (url: string, agent: Agent): Promise<string> =>
  new Promise((resolve, reject) => {
    const request = get(url, { agent }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve(text));
    });
    request.on("error", reject);
  });
