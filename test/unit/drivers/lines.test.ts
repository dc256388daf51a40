import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { reasonOf } from "../../../gateway/core/text.ts";
import { LINE_MAX, LineSplitter } from "../../../gateway/drivers/lines/split.ts";
import plugin from "../../../gateway/drivers/lines.ts";
import { driverContext, Running } from "../../sim/modbus/driver.ts";

test("lines cut at every index, ended in any way, come out whole", () => {
  const bytes = Buffer.from("ST,GS,+  12.34kg\r\nUS,GS,-0.5kg\r\rlast\n\n");
  for (let cut = 0; cut <= bytes.length; cut++) {
    const splitter = new LineSplitter();
    const lines = [bytes.subarray(0, cut), bytes.subarray(cut)].flatMap((chunk) => splitter.bytes(chunk));
    expect(lines).toEqual(["ST,GS,+  12.34kg", "US,GS,-0.5kg", "last"]);
  }
});

test("26: a flood without an end is counted, not kept", () => {
  const splitter = new LineSplitter();
  for (let i = 0; i < 1_000; i++) expect(splitter.bytes(Buffer.alloc(1_000, 0x79))).toEqual([]);
  expect([splitter.tooLong, splitter.dropped]).toEqual([1, 1_000_000]);
  expect(splitter.bytes(Buffer.from("\n12.5\n"))).toEqual(["12.5"]);
  expect(splitter.bytes(Buffer.from(`${"x".repeat(LINE_MAX)}\n`))).toHaveLength(1);
});

test("what comes after lost bytes is the end of a line, and no line of its own", () => {
  const splitter = new LineSplitter();
  expect(splitter.bytes(Buffer.from("ST,GS,1"))).toEqual([]);
  splitter.breakOff(true);
  expect(splitter.bytes(Buffer.from("2.5kg\nST,GS,7kg\n"))).toEqual(["ST,GS,7kg"]);
});

let server: Server | undefined;
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.close();
});

async function instrument(talk: (socket: Socket) => void): Promise<string> {
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    talk(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const scale = {
  machine: "poste-3",
  every: "100ms",
  signals: {
    weight: { match: "^ST,GS,\\s*(?<value>[+-]?\\s*[\\d.,]+)\\s*kg", unit: "kg", range: [-1, 150] },
    unstable: { match: "^US,GS,[+-]?([\\d.]+)", unit: "kg" },
  },
};

function start(options: object, context = driverContext("balance")) {
  const driver = plugin.create(plugin.options.parse(options), context);
  return { running: new Running(driver), driver, context };
}

test("a scale that talks by itself", async () => {
  const port = await instrument((socket) => socket.write("garbage\r\nST,GS,+  12.34kg\r\n"));
  const { running, context } = start({ ...scale, port });
  await running.until(() => running.latest["poste-3/weight"] !== undefined);
  expect(running.latest["poste-3/weight"]).toBe(12.34);
  expect(context.meters.sum("lines_unmatched_total")).toBe(1);
  await running.until(() => running.latest["poste-3/weight"] === "timeout");
  await running.stop();
});

test("what the pattern takes for the number and is none is no number: a blank display is not 0 kg", async () => {
  const signals = { weight: { match: "^W(.*)kg", unit: "kg" } };
  for (const shown of ["      ", "------", "0x1F", "1,234.5", "Infinity"]) {
    const port = await instrument((socket) => socket.write(`W${shown}kg\n`));
    const { running } = start({ ...scale, signals, port });
    await running.until(() => running.latest["poste-3/weight"] !== undefined);
    expect(running.latest["poste-3/weight"]).toBe("not_a_number");
    await running.stop();
    server?.close();
  }
});

test("a comma is a point, and what the scale cannot weigh is impossible", async () => {
  const port = await instrument((socket) => socket.write("ST,GS, 7,5kg\nUS,GS,3\nST,GS, 151kg\n"));
  const { running } = start({ ...scale, port });
  await running.until(() => running.latest["poste-3/unstable"] === 3);
  expect(running.latest["poste-3/weight"]).toBe("out_of_range");
  await running.stop();
});

test("an instrument that wants to be asked is asked", async () => {
  const port = await instrument((socket) => {
    let asked = 0;
    socket.on("data", (chunk) => chunk.includes("W\r\n") && socket.write(`ST,GS,${++asked}kg\r\n`));
  });
  const { running } = start({ ...scale, port, ask: "W\r\n" });
  await running.until(() => Number(running.latest["poste-3/weight"]) >= 3);
  await running.stop();
});

test("the silence of a caliper with a button is no fault; a lost connection is made again", async () => {
  let calls = 0;
  const port = await instrument((socket) => {
    calls++;
    socket.write("01A+0012.345\r");
    if (calls === 1) setTimeout(() => socket.destroy(), 200);
  });
  const { running } = start({
    port,
    machine: "poste-3",
    every: "100ms",
    on_demand: true,
    signals: { length: { match: "^01A([+-]\\d+\\.\\d+)", unit: "mm" } },
  });
  await running.until(() => calls >= 2 && running.of("poste-3/length").length >= 2);
  expect(running.latest).toEqual({ "poste-3/length": 12.345 });
  expect(running.bad).toBe(0);
  await running.stop();
});

test("half a line before the connection broke is not joined with what comes after", async () => {
  let calls = 0;
  const port = await instrument((socket) => {
    if (++calls === 1) socket.end("ST,GS,1");
    else socket.write("2.5kg\r\nUS,GS,3\r\n");
  });
  const { running } = start({ ...scale, port, every: "50ms" });
  await running.until(() => running.latest["poste-3/unstable"] === 3);
  expect(running.of("poste-3/weight").filter(({ quality }) => quality === "good")).toEqual([]);
  await running.stop();
});

test("an instrument that accepts every call and hangs up is called ever more rarely", async () => {
  const calls: number[] = [];
  const port = await instrument((socket) => {
    calls.push(performance.now());
    socket.end();
  });
  const { running } = start({ ...scale, port });
  await running.until(() => calls.length === 3, 15_000);
  const [first = 0, second = 0, third = 0] = calls;
  expect(second - first).toBeGreaterThan(450);
  expect(third - second).toBeGreaterThan(950);
  await running.stop();
});

test("a pattern that is none is refused with its fault", () => {
  const parsed = plugin.options.safeParse({ ...scale, port: "/dev/x", signals: { weight: { match: "(" } } });
  expect(parsed.error?.issues[0]?.message).toMatch(/no regular expression/);
});

test("a pattern that one line could keep busy for hours is refused, in both languages", () => {
  for (const match of ["^(a+)+$", "(a)\\1"]) {
    const parsed = plugin.options.safeParse({ ...scale, port: "/dev/x", signals: { weight: { match } } });
    const [issue] = parsed.error?.issues ?? [];
    expect(issue?.path).toEqual(["signals", "weight", "match"]);
    expect(reasonOf(issue?.message ?? "")?.fr).toContain("pendant des heures");
  }
});
