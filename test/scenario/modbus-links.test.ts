import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { clock } from "../../gateway/clock.ts";
import { Reopening } from "../../gateway/drivers/lib/pipe.ts";
import { Registers } from "../../gateway/simulate/slave.ts";
import { serveSlaves } from "../sim/modbus/device.ts";
import { device, driverContext, modbusDriver, Running } from "../sim/modbus/driver.ts";
import { Link, type LinkState } from "../sim/modbus/link.ts";

/** Rows 23 and 25 of the fault table: what stands between the gateway and a TCP slave, as a real proxy. */
let slave: Server;
let link: Link;
const registers = new Registers();
const started: Running[] = [];
beforeEach(async () => {
  registers.input.set(10, 7);
  const served = await serveSlaves(new Map([[1, registers]]), "tcp");
  slave = served.server;
  link = await Link.to(served.port);
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((running) => running.stop()));
  await link.close();
  slave.close();
});

const said = (running: Running) => running.latest["tour-2/r"];

function start(options: object = {}, context = driverContext()) {
  const driver = modbusDriver(
    { port: `tcp://127.0.0.1:${link.port}`, timeout: "200ms", devices: [device], ...options },
    context,
  );
  const running = new Running(driver);
  started.push(running);
  return { running, context };
}

/** Thirty times as much time passes as really does: a connection on which nobody answers is given up after 15 s. */
const hasty = { ...clock, monotonic: () => 30 * clock.monotonic() };

describe("23: a TCP slave", () => {
  test.each<[LinkState, string]>([
    ["hole", "timeout"],
    ["deaf", "timeout"],
    ["reset", "connection"],
    ["refuse", "connection"],
  ])("behind a link that turns %s is bad at its pace, called anew, and back with its newest value", async (state, why) => {
    const { running } = start({}, { ...driverContext(), clock: hasty });
    await running.until(() => said(running) === 7);
    const calls = link.calls.length;
    await link.turn(state);
    await running.until(() => said(running) === why);
    const bad = running.bad;
    await running.until(() => running.bad > bad + 3);
    registers.input.set(10, 8);
    // A half-open connection is noticed by its silence alone.
    if (state !== "refuse") await running.until(() => link.calls.length > calls, 20_000);
    await link.turn("through");
    const from = running.readings.length;
    await running.until(() => said(running) === 8, 20_000);
    expect(running.readings.slice(from).filter((r) => r.quality === "good" && r.value !== 8)).toEqual([]);
  });

  test("is read again by a driver that fell, which leaves no connection behind", async () => {
    await link.turn("deaf");
    const context = driverContext();
    context.say.warn = (text: string) => {
      if (text.includes("muet")) throw new Error("boom");
    };
    const options = { port: `tcp://127.0.0.1:${link.port}`, timeout: "200ms", devices: [device] };
    const driver = modbusDriver(options, context);
    const falling = async () => {
      for await (const _ of driver.run(new AbortController().signal));
    };
    await expect(falling()).rejects.toThrow("boom");
    await expect.poll(() => link.open).toBe(0);
    await link.turn("through");
    const running = new Running(driver);
    started.push(running);
    await running.until(() => said(running) === 7);
  });

  test("behind a serial server that answers for it that it is silent is not called again for that", async () => {
    registers.input.clear();
    slave.close();
    const calm = { ...driverContext(), clock: hasty };
    const server = createServer((socket) =>
      // Exception 11: the target device failed to respond.
      socket.on("data", (asked) =>
        socket.write(Buffer.concat([asked.subarray(0, 4), Buffer.from([0, 3, 1, 0x84, 11])])),
      ),
    );
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const behind = await Link.to((server.address() as AddressInfo).port);
    const { running } = start({ port: `tcp://127.0.0.1:${behind.port}` }, calm);
    await running.until(() => said(running) === "timeout");
    const from = hasty.monotonic();
    await running.until(() => hasty.monotonic() - from > 60_000);
    expect(behind.calls).toHaveLength(1);
    await behind.close();
    server.close();
  });

  test("is asked by the kernel itself whether it is still there, while nothing is to be said", async () => {
    const { running } = start({ devices: [{ ...device, every: "60s" }] });
    await running.until(() => said(running) === 7);
    await expect.poll(() => timerOf(link.port), { timeout: 5_000 }).toBe("keepalive");
  });

  test("that cannot be reached is called ever more rarely, and no two gateways at the same moments", () => {
    const waits = Array.from({ length: 200 }, () => {
      const reopening = new Reopening("tcp://10.0.0.9:502");
      return Array.from({ length: 8 }, () => reopening.after(0).delay);
    });
    for (const [nth, most] of [1, 2, 4, 8, 16, 30, 30, 30].entries()) {
      const own = waits.map((wait) => wait[nth] ?? 0).sort((a, b) => a - b);
      expect(own[0]).toBeGreaterThanOrEqual(500 * most);
      expect(own.at(-1)).toBeLessThanOrEqual(1_000 * most);
      // Spread over that half, not gathered at one end.
      expect(own[150] ?? 0).toBeGreaterThan((own[50] ?? 0) * 1.2);
    }
  });
});

/** What the kernel's timer of the gateway's end of a connection to that port waits for. */
function timerOf(port: number): string {
  const to = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const row = readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .find(([, , remote = "", state]) => remote.endsWith(to) && state === "01");
  return { "02": "keepalive" }[row?.[5]?.split(":")[0] ?? ""] ?? "none";
}

describe("25: two gateways on a slave that takes one connection", () => {
  test("the one that has it misses nothing; the other calls ever more rarely, says why, and takes over when it can", async () => {
    link.most = 1;
    const first = start().running;
    await first.until(() => said(first) === 7);
    const second = start();
    await second.running.until(() => said(second.running) === "connection");
    const calls = link.calls.length;
    await second.running.until(() => link.calls.length >= calls + 2, 8_000);
    const [wait, next] = [-3, -2].map((n) => (link.calls.at(n + 1) ?? 0) - (link.calls.at(n) ?? 0));
    expect(wait).toBeGreaterThan(450);
    expect(next).toBeGreaterThan(900);
    expect(first.bad).toBe(0);
    const named = second.context.lines.filter((line) =>
      line.includes(`127.0.0.1:${link.port} : l'appareil a raccroché`),
    );
    expect(named).toEqual([
      expect.stringContaining("beaucoup n'acceptent qu'une ou deux connexions, un autre programme"),
    ]);
    await first.stop();
    await second.running.until(() => said(second.running) === 7, 10_000);
  });

  test("that push each other off it do not do so every second, and each has one line in the log", () => {
    const gateways = [new Reopening("tcp://10.0.0.9:502"), new Reopening("tcp://10.0.0.9:502")];
    const back = [0, 400];
    let [since, now, lines, calls, owner] = [0, 0, 0, 0, -1];
    while (now < 3_600_000) {
      const caller = (back[0] ?? 0) <= (back[1] ?? 0) ? 0 : 1;
      now = back[caller] ?? 0;
      calls++;
      back[caller] = Number.POSITIVE_INFINITY;
      const pushed = gateways[owner]?.after(now - since);
      if (pushed) back[owner] = now + pushed.delay;
      if (pushed?.isNews) lines++;
      [owner, since] = [caller, now];
    }
    expect(lines).toBe(2);
    // Where one a second would be thousands.
    expect(calls).toBeLessThan(400);
  });
});
