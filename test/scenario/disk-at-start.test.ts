import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import type { Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { AlarmAnswer, SessionAnswer, UserAnswer } from "../../gateway/core/api.ts";
import type { ReadingMessage } from "../../gateway/core/topics.ts";
import { Registers } from "../../gateway/simulate/slave.ts";
import { describeWith } from "../need.ts";
import { eventually, expectLedger } from "../sim/gateway.ts";
import { metricsOf } from "../sim/metrics.ts";
import { serveSlaves } from "../sim/modbus/device.ts";
import { type Mosquitto, startMosquitto, subscribe } from "../sim/peers/mosquitto.ts";
import { freePort } from "../sim/port.ts";

const BIN = join(import.meta.dirname, "../../gateway/bin.mjs");
const isRoot = process.getuid?.() === 0;
const PASSWORD = "cheval-pile-agrafe-9";

/** The real program on a data folder that is no good when it starts, and gets better while it runs. */
describeWith(["mosquitto", "mosquitto_sub"], "a disk that is no good at the start", () => {
  let folder: string;
  let mosquitto: Mosquitto;
  let slaves: { port: number; server: Server };
  let counting: NodeJS.Timeout;
  let gateway: ChildProcess | undefined;
  let output = "";
  let url = "";
  /** Of whoever came in last. */
  let cookie = "";
  const machine = new Registers();
  const ends: (() => void)[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "vigie-disk-"));
    mosquitto = await startMosquitto();
    slaves = await serveSlaves(new Map([[1, machine]]), "tcp");
    let parts = 0;
    machine.holding.set(0, 0).set(1, 20);
    counting = setInterval(() => machine.holding.set(0, ++parts % 65_536), 40);
  });
  afterEach(async () => {
    await end("SIGTERM");
    for (const one of ends.splice(0).reverse()) one();
    machine.holding.set(1, 20);
  });
  afterAll(async () => {
    clearInterval(counting);
    slaves?.server.close();
    await mosquitto?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(data: string, open: boolean): Promise<void> {
    const port = await freePort();
    const signals =
      "{ parts: { at: 0, table: holding, type: u16, unit: '1' }, heat: { at: 1, table: holding, type: u16, unit: Cel } }";
    const site = join(folder, "site.yaml");
    writeFileSync(
      site,
      `site: { id: s, name: S, timezone: Europe/Paris }
web: { open: ${open}, port: ${port} }
broker: { enabled: false }
machines: [{ id: tour, name: { fr: Tour, en: Lathe } }]
drivers:
  - { id: bus, type: modbus, port: "tcp://127.0.0.1:${slaves.port}", devices: [{ id: d, slave: 1, every: 100ms, machine: tour, signals: ${signals} }] }
detectors:
  - { id: chaud, type: limit, point: tour/heat, high: 50, delay: { on: 0s, off: 0s } }
sinks:
  - { id: history, type: sqlite }
  - { id: mqtt, type: mqtt, url: "${mosquitto.url}" }
`,
    );
    const child = spawn(process.execPath, [BIN, "run", "--config", site, "--data", data], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, LANG: "en_US.UTF-8", LC_ALL: "" },
    });
    gateway = child;
    output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk) => {
        output += chunk;
      });
    url = `http://127.0.0.1:${port}`;
    await eventually(
      () => {
        if (child.exitCode !== null) throw new Error(`the gateway ended with ${child.exitCode}:\n${output}`);
        return output.includes("Vigie is on watch") || undefined;
      },
      30_000,
      () => output,
    );
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const child = gateway;
    gateway = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    try {
      if (signal === "SIGTERM") await expectLedger(() => metricsOf({ url, cookie }));
    } finally {
      child.kill(signal);
      await exit;
    }
  }

  const ask = async <T>(path: string, how: RequestInit = {}): Promise<{ status: number; body: T; cookie: string }> => {
    const json = how.body === undefined ? {} : { "content-type": "application/json" };
    const answer = await fetch(url + path, { ...how, headers: { ...json, ...how.headers } });
    const text = await answer.text();
    cookie = answer.headers.get("set-cookie")?.split(";")[0] ?? cookie;
    return { status: answer.status, body: (text === "" ? undefined : JSON.parse(text)) as T, cookie };
  };
  const post = <T>(path: string, body: unknown, cookie = "") =>
    ask<T>(path, { method: "POST", body: JSON.stringify(body), headers: { cookie } });
  const alarm = async (cookie = "") =>
    (await ask<AlarmAnswer[]>("/api/v1/alarms", { headers: { cookie } })).body.find(({ id }) => id === "chaud");
  const setupCode = () => /give this code, once: (\S+)/.exec(output)?.[1] ?? "";
  const metric = async (name: string) => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(new RegExp(`^vigie_${name} (\\S+)$`, "m").exec(text)?.[1]);
  };

  /** Everything that a client which we did not write has seen of the lathe's counter. */
  function listen(): () => ReadingMessage[] {
    const { lines, stop } = subscribe(mosquitto.port, "vigie/v1/s/tour/parts", ["-R"]);
    ends.push(stop);
    return () => lines.map(({ payload }) => JSON.parse(payload) as ReadingMessage);
  }

  /** Waits until the gateway has gone over to the disk by itself, which is good again from now on. */
  async function home(): Promise<void> {
    await eventually(
      () => output.includes("from memory are in the store") || undefined,
      30_000,
      () => output,
    );
    const up = () => fetch(`${url}/healthz`).then(({ ok }) => ok || undefined);
    await eventually(() => up().catch(() => undefined), 10_000);
  }

  function mounted(name: string, size: string): string {
    const mount = join(folder, name);
    mkdirSync(mount);
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", mount]);
    ends.push(() => execFileSync("umount", ["-l", mount]));
    return mount;
  }

  /** Every reading that was told is on the disk once, and the other way round; the numbers are in the order of time. */
  async function expectEachOnce(data: string, listened: () => ReadingMessage[]): Promise<void> {
    const live = listened().length;
    await eventually(() => (listened().length > live + 20 ? true : undefined), 15_000);
    await end("SIGTERM");
    const asked = ["--point", "tour/parts", "--from", "2020-01-01", "--to", "2099-01-01", "--format", "json"];
    const text = execFileSync(process.execPath, [BIN, "export", "--data", data, ...asked], { encoding: "utf8" });
    const told = listened().sort((one, other) => one.b - other.b || one.s - other.s);
    const byNumber = new Map(told.map(({ b, s, t, v }) => [`${b} ${s}`, `${t} ${v}`]));
    // The very last ones may still have been on their way to the broker when the gateway was stopped.
    const last = told.at(-1)?.t ?? 0;
    const stored = (JSON.parse(text) as { t: number; value: number | null }[]).filter(({ t }) => t <= last);
    expect([...byNumber.values()].sort()).toEqual(stored.map(({ t, value }) => `${t} ${value}`).sort());
    expect(told.every(({ t }, i) => t >= (told[i - 1]?.t ?? 0))).toBe(true);
  }

  test("a disk that is not mounted: read, judged and told from memory; mounted, everything is on it, each once", {
    timeout: 90_000,
  }, async () => {
    const [disk, data] = [join(folder, "usb"), join(folder, "data")];
    symlinkSync(disk, data);
    const told = listen();
    await start(data, true);
    expect(output).toMatch(/The data folder .*data cannot be used .*\n.*from memory/);
    expect(await metric("log_degraded")).toBe(1);
    machine.holding.set(1, 70);
    await eventually(async () => ((await alarm())?.state === "unacked" ? true : undefined), 10_000);
    expect((await post("/api/v1/alarms/chaud/ack", {})).status).toBe(200);
    await eventually(() => (told().length > 20 ? true : undefined), 15_000);
    // The program may even be killed meanwhile.
    await end("SIGKILL");
    await start(data, true);
    expect((await alarm())?.state).toBe("acked");
    await eventually(() => (told().length > 40 ? true : undefined), 15_000);
    await expectLedger(() => metricsOf({ url }));

    mkdirSync(disk);
    await home();
    expect((await alarm())?.state).toBe("acked");
    await expectEachOnce(data, told);
  });

  test("a box whose accounts cannot be read is no new box: no code, no first account, nobody comes in until it is back", {
    timeout: 90_000,
  }, async () => {
    const [disk, away, data] = [join(folder, "card"), join(folder, "away"), join(folder, "own")];
    mkdirSync(disk);
    symlinkSync(disk, data);
    await start(data, false);
    await post("/api/v1/setup", { code: setupCode(), name: "Claire", password: PASSWORD });
    await end("SIGTERM");
    renameSync(disk, away);

    await start(data, false);
    expect(setupCode()).toBe("");
    expect((await ask<SessionAnswer>("/api/v1/session")).body).toMatchObject({ setup: false, user: null });
    const first = await post("/api/v1/setup", { code: "AAAA", name: "Eve", password: PASSWORD });
    expect(first.status).toBe(409);
    expect((await post("/api/v1/session", { name: "Claire", password: PASSWORD })).status).toBe(401);
    expect((await post("/api/v1/session", { name: "-", password: PASSWORD })).status).toBe(401);
    expect((await ask("/api/v1/points")).status).toBe(401);

    renameSync(away, disk);
    await home();
    expect((await post("/api/v1/session", { name: "-", password: PASSWORD })).status).toBe(401);
    const claire = await post("/api/v1/session", { name: "Claire", password: PASSWORD });
    expect(claire.status).toBe(200);
    const users = await ask<UserAnswer[]>("/api/v1/users", { headers: { cookie: claire.cookie } });
    expect(users.body.map(({ name }) => name)).toEqual(["Claire"]);
  });

  test.runIf(isRoot)(
    "a card that is read-only after a power cut: who may come in and what is acknowledged is known",
    {
      timeout: 90_000,
    },
    async () => {
      const mount = mounted("ro", "16m");
      const data = join(mount, "data");
      const told = listen();
      await start(data, false);
      const { cookie } = await post("/api/v1/setup", { code: setupCode(), name: "Claire", password: PASSWORD });
      machine.holding.set(1, 70);
      await eventually(async () => ((await alarm(cookie))?.state === "unacked" ? true : undefined), 10_000);
      expect((await post("/api/v1/alarms/chaud/ack", {}, cookie)).status).toBe(200);
      await eventually(() => (told().length > 20 ? true : undefined), 15_000);
      await end("SIGKILL");
      const before = told().length;
      execFileSync("mount", ["-o", "remount,ro", mount]);

      await start(data, false);
      expect(setupCode()).toBe("");
      expect((await alarm(cookie))?.state).toBe("acked");
      const again = await post("/api/v1/session", { name: "Claire", password: PASSWORD });
      expect(again.status).toBe(200);
      await eventually(() => (told().length > before + 30 ? true : undefined), 15_000);
      expect(existsSync(data) && readdirSync(data).includes("audit")).toBe(true);

      execFileSync("mount", ["-o", "remount,rw", mount]);
      await home();
      // Whoever came in meanwhile is still in.
      expect((await ask<SessionAnswer>("/api/v1/session", { headers: { cookie: again.cookie } })).body.user).toBe(
        "Claire",
      );
      expect((await alarm(again.cookie))?.state).toBe("acked");
      await expectEachOnce(data, told);
    },
  );

  test.runIf(isRoot)(
    "a card that is full: it starts, and goes over to the card once there is room",
    {
      timeout: 90_000,
    },
    async () => {
      const mount = mounted("full", "3m");
      const data = join(mount, "data");
      const told = listen();
      await start(data, true);
      await eventually(() => (told().length > 20 ? true : undefined), 15_000);
      await end("SIGTERM");
      const before = told().length;
      spawnSync("dd", ["if=/dev/zero", `of=${join(mount, "ballast")}`, "bs=1k"], { stdio: "ignore" });

      await start(data, true);
      expect(await metric("log_degraded")).toBe(1);
      await eventually(() => (told().length > before + 30 ? true : undefined), 15_000);
      rmSync(join(mount, "ballast"));
      await home();
      await expectEachOnce(data, told);
    },
  );
});
