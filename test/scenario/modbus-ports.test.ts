import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { clock } from "../../gateway/clock.ts";
import { describeWith } from "../need.ts";
import { device, driverContext, modbusDriver, Running } from "../sim/modbus/driver.ts";
import { libmodbusRtu, ptyLine, stopPeers } from "../sim/modbus/peers.ts";

let server: Server | undefined;
const sockets = new Set<Socket>();
afterEach(() => {
  stopPeers();
  for (const socket of sockets) socket.destroy();
  server?.close();
});

const why = (running: Running) => running.latest["tour-2/r"];

describeWith(["gcc", "socat", "pkg-config", "/usr/include/modbus/modbus.h"], "an adapter that is pulled out", () => {
  test("20: is noticed within 3 s and back within 5 s, while the other port misses nothing", async () => {
    const [pulled, other] = [await ptyLine(), await ptyLine()];
    await libmodbusRtu(pulled.slave, 1);
    await libmodbusRtu(other.slave, 1);
    const running = new Running(modbusDriver({ port: pulled.master, devices: [device] }));
    const steady = new Running(modbusDriver({ port: other.master, devices: [device] }));
    await running.until(() => why(running) === 10);
    await steady.until(() => steady.good > 0);
    pulled.socat.kill("SIGKILL");
    await running.until(() => why(running) === "port", 3_000);
    const again = await ptyLine(join(pulled.master, ".."));
    await libmodbusRtu(again.slave, 1);
    await running.until(() => why(running) === 10, 5_000);
    expect(steady.bad).toBe(0);
    await running.stop();
    await steady.stop();
  });

  test("21: comes back under its stable name as another device node, without any close event", async () => {
    const [first, second] = [await ptyLine(), await ptyLine()];
    await libmodbusRtu(first.slave, 1);
    await libmodbusRtu(second.slave, 1);
    const stable = join(mkdtempSync(join(tmpdir(), "vigie-by-id-")), "usb-FTDI-1");
    symlinkSync(first.master, stable);
    const context = driverContext();
    const running = new Running(modbusDriver({ port: stable, devices: [device] }, context));
    await running.until(() => why(running) === 10);
    rmSync(stable);
    await running.until(() => why(running) === "port", 3_000);
    symlinkSync(second.master, stable);
    await running.until(() => why(running) === 10, 5_000);
    expect(context.lines[1]).toBe(
      `ligne-1: ${stable} a disparu, vérifiez que l'adaptateur est branché ; nouvel essai dans 1 s`,
    );
    await running.stop();
  });

  test("22: is opened anew when it is stuck, without a close event and without a byte, and comes back by itself", async () => {
    const line = await ptyLine();
    await libmodbusRtu(line.slave, 1);
    const context = { ...driverContext(), clock: hasty };
    const running = new Running(modbusDriver({ port: line.master, timeout: "200ms", devices: [device] }, context));
    await running.until(() => why(running) === 10);
    line.socat.kill("SIGSTOP");
    await running.until(() => why(running) === "timeout");
    const opened = () => context.lines.filter((said) => said.endsWith("est ouvert")).length;
    const isNamed = () => context.lines.some((said) => said.includes("débranchez l'adaptateur et rebranchez-le"));
    await running.until(() => opened() >= 3 && isNamed(), 25_000);
    expect(why(running)).toBe("timeout");
    line.socat.kill("SIGCONT");
    await running.until(() => why(running) === 10, 15_000);
    expect(running.readings.every((r) => r.quality !== "good" || r.value === 10)).toBe(true);
    await running.stop();
  });
});

/** Thirty times as much time passes as really does, so that what takes a minute can be waited for. */
const hasty = { ...clock, monotonic: () => 30 * clock.monotonic() };

/** A TCP peer that does as it is told with each request. */
async function peer(
  talk: (socket: Socket, request: Buffer) => void,
  greet: (socket: Socket) => void = () => undefined,
) {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (request) => talk(socket, request));
    greet(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** The right answer to a read of one register, which holds `value`. */
function answer(request: Buffer, value: number): Buffer {
  const bytes = Buffer.from([0, 0, 0, 0, 0, 5, 1, 4, 2, value >> 8, value & 255]);
  request.copy(bytes, 0, 0, 2);
  return bytes;
}

const start = (port: number, options = {}) => {
  const context = driverContext();
  const driver = modbusDriver(
    { port: `tcp://127.0.0.1:${port}`, timeout: "200ms", devices: [device], ...options },
    context,
  );
  return { running: new Running(driver), context };
};

describe("a Modbus TCP peer", () => {
  test("23: that resets every connection is called again, and its silence says why", async () => {
    let calls = 0;
    const port = await peer((socket, request) => {
      calls++;
      if (calls < 3) socket.resetAndDestroy();
      else socket.write(answer(request, 7));
    });
    const { running, context } = start(port);
    await running.until(() => why(running) === 7, 15_000);
    expect(running.of("tour-2/r").some((r) => r.quality === "bad" && r.why === "connection")).toBe(true);
    expect(context.lines.some((line) => /a raccroché.*nouvel essai dans \d+ s/.test(line))).toBe(true);
    await running.stop();
  });

  test("23: that refuses is 'cannot connect', not a crash; that accepts and keeps silent is 'no answer'", async () => {
    const silent = await peer(() => undefined);
    const { running } = start(silent);
    await running.until(() => why(running) === "timeout");
    await running.stop();
    server?.close();
    for (const socket of sockets) socket.destroy();
    await once(server ?? createServer(), "close");
    const refused = start(silent);
    await refused.running.until(() => why(refused.running) === "connection");
    expect(refused.context.lines[0]).toMatch(/connexion refusée : .*vérifiez le port.* ; nouvel essai dans 1 s$/);
    await refused.running.until(() => refused.running.bad > 5);
    // No advice about slaves while nothing is connected.
    expect(refused.context.lines.join()).not.toMatch(/ECONN|Connecté|esclave/);
    await refused.running.stop();
  });

  test("24: with the wrong transaction id never gives a value; behind a late one the right one counts", async () => {
    let right = false;
    const port = await peer((socket, request) => {
      const late = answer(request, 666);
      late.writeUInt16BE((request.readUInt16BE(0) + 65_535) & 0xffff, 0);
      socket.write(right ? Buffer.concat([late, answer(request, 7)]) : late);
    });
    const { running } = start(port);
    await running.until(() => why(running) === "timeout");
    right = true;
    await running.until(() => why(running) === 7);
    expect(running.of("tour-2/r").some((r) => r.quality === "good" && r.value === 666)).toBe(false);
    await running.stop();
  });

  test("24: whose stream has lost its place is opened anew", async () => {
    let requests = 0;
    const port = await peer((socket, request) =>
      socket.write(requests++ === 0 ? Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n") : answer(request, 7)),
    );
    const { running, context } = start(port);
    await running.until(() => why(running) === 7);
    expect(context.lines).toContainEqual(expect.stringMatching(/^ligne-1: ce qui répond n'est pas du Modbus TCP/));
    await running.stop();
  });

  test("several connections to one server ask for different devices at the same time", async () => {
    let most = 0;
    let waiting = 0;
    const port = await peer((socket, request) => {
      most = Math.max(most, ++waiting);
      setTimeout(() => {
        waiting--;
        const reply = answer(request, 7);
        request.copy(reply, 6, 6, 7);
        socket.write(reply);
      }, 50);
    });
    const devices = [1, 2, 3].map((slave) => ({ ...device, id: `d${slave}`, slave, machine: `m${slave}` }));
    const { running } = start(port, { connections: 3, devices });
    await running.until(() => [1, 2, 3].every((n) => running.latest[`m${n}/r`] === 7));
    await running.until(() => most === 3);
    await running.stop();
  });
});
