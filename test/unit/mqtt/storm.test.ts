import { type AddressInfo, createConnection, createServer, type Socket } from "node:net";
import mqtt, { type IClientOptions } from "mqtt";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { clock } from "../../../gateway/clock.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import { Reopening } from "../../../gateway/drivers/lib/pipe.ts";
import { type Broker, openBroker } from "../../../gateway/mqtt/broker.ts";
import { connectMqtt } from "../../../gateway/mqtt/connection.ts";
import { brokerSettings, linkOptions } from "../../../gateway/mqtt/settings.ts";
import { MemoryCells, quiet, until } from "../../sim/peers/kit.ts";

const BOXES = 60;
const meters = new Meters();
let broker: Broker;
const ends: (() => unknown)[] = [];

beforeEach(async () => {
  const settings = brokerSettings.parse({ port: 0 });
  broker = await openBroker({ settings, site: { id: "nord" }, cells: new MemoryCells(), clock, meters, say: quiet });
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await broker.close();
});

async function account(name: string): Promise<IClientOptions> {
  const password = await broker.accounts.create(name, { publish: ["load/#"], subscribe: ["load/#"] }, 0);
  return { clientId: name, username: name, password, reconnectPeriod: 0 };
}

async function connected(options: IClientOptions) {
  const client = mqtt.connect(`mqtt://127.0.0.1:${broker.port}`, options);
  ends.push(() => client.endAsync(true));
  await new Promise<void>((done) => client.once("connect", () => done()));
  return client;
}

test("a topic of more than 16 levels is thrown out, be it published or subscribed to, and everybody else goes on", async () => {
  const listener = await connected(await account("listener"));
  const heard: string[] = [];
  listener.on("message", (topic) => void heard.push(topic));
  await listener.subscribeAsync("load/#", { qos: 1 });
  const deep = (levels: number) => `load${"/a".repeat(levels - 1)}`;
  for (const levels of [17, 101, 5_000]) {
    const speaker = await connected(await account(`speaker-${levels}`));
    const closed = new Promise<void>((done) => speaker.once("close", () => done()));
    speaker.publish(deep(levels), "x", { qos: 1 });
    await closed;
    const asking = await connected(await account(`asking-${levels}`));
    const granted = await asking.subscribeAsync(deep(levels), { qos: 1 }).then(
      (all) => all.every(({ qos }) => qos < 3),
      () => false,
    );
    expect(granted).toBe(false);
  }
  const speaker = await connected(await account("speaker"));
  await speaker.publishAsync(deep(16), "x", { qos: 1 });
  await until(() => heard.length > 0);
  expect(heard).toEqual([deep(16)]);
});

test("a thousand CONNECTs at once: at most the burst and ten a second come in, the rest are counted and closed", async () => {
  const login = await account("storm");
  const names = [login.clientId, login.username, String(login.password)].map((text = "") =>
    Buffer.concat([Buffer.from([0, text.length]), Buffer.from(text)]),
  );
  const body = Buffer.concat([Buffer.from("\u0000\u0004MQTT\u0004\u00c2\u0000\u003c", "latin1"), ...names]);
  const connect = Buffer.concat([Buffer.from([0x10, body.length]), body]);
  const refused = () => meters.sum("broker_refused_total", { reason: "too many connections" });
  const [before, began] = [refused(), performance.now()];
  let admitted = 0;
  for (let wave = 0; wave < 25; wave++) {
    const answers = await Promise.all(Array.from({ length: 40 }, () => answerOf(connect)));
    admitted += answers.filter((code) => code === 0).length;
  }
  const seconds = (performance.now() - began) / 1_000;
  expect(admitted).toBeGreaterThan(50);
  expect(admitted).toBeLessThanOrEqual(100 + 10 * seconds + 1);
  expect(refused() - before).toBeGreaterThan(800);
  // Whoever asks again a little later comes in.
  await until(async () => (await answerOf(connect)) === 0, 10_000);
}, 30_000);

/** What a CONNECT is answered with; undefined where the door stays shut. */
async function answerOf(connect: Uint8Array): Promise<number | undefined> {
  const socket = createConnection(broker.port, "127.0.0.1");
  let code: number | undefined;
  socket.on("error", () => undefined);
  socket.write(connect);
  socket.once("data", (bytes) => {
    code = bytes[3];
    socket.destroy();
  });
  await new Promise((done) => socket.once("close", done));
  return code;
}

test("sixty boxes that lost their broker in the same second do not come back in one", async () => {
  const [arrivals, sockets]: [number[], Set<Socket>] = [[], new Set()];
  let began = Number.POSITIVE_INFINITY;
  const server = createServer((socket) => {
    sockets.add(socket);
    if (performance.now() > began) arrivals.push(performance.now() - began);
    socket.on("error", () => undefined);
    // As a broker that is being started: nobody comes in yet.
    if (sockets.size === BOXES) {
      began = performance.now();
      for (const one of sockets) one.destroy();
    }
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  ends.push(() => server.close());
  ends.push(() => sockets.forEach((one) => void one.destroy()));
  const { port } = server.address() as AddressInfo;
  for (let i = 0; i < BOXES; i++) {
    const link = z.strictObject(linkOptions).parse({ url: `mqtt://127.0.0.1:${port}` });
    const box = connectMqtt({
      ...{ name: `box-${i}`, broker: undefined, clientId: `box-${i}`, clock, say: quiet, meters: new Meters(), link },
    });
    ends.push(() => box.close());
    box.subscribe("a", () => undefined);
  }
  await until(() => arrivals.length >= BOXES, 20_000);
  const first = arrivals.slice(0, BOXES);
  const perSlot = new Map<number, number>();
  for (const at of first) perSlot.set(Math.floor(at / 250), (perSlot.get(Math.floor(at / 250)) ?? 0) + 1);
  console.info(`${BOXES} boxes came back over ${Math.round(Math.max(...first) - Math.min(...first))} ms`);
  // Evenly over two seconds it would be 7 or 8 in each quarter of a second.
  expect(Math.max(...perSlot.values())).toBeLessThan(BOXES / 2);
  expect(Math.max(...first) - Math.min(...first)).toBeGreaterThan(1_000);
});

/** How long a port that does not open is left alone after so many failures. */
function waitAfter(failures: number, port: string): number {
  const reopening = new Reopening(port);
  for (let i = 0; i < failures; i++) reopening.after(0);
  return reopening.after(0).delay;
}

test("waits for a device on the network are spread over half of their length, and end at 30 s; a serial port is looked at every second", () => {
  for (const [failures, most] of [
    [0, 1_000],
    [3, 8_000],
    [9, 30_000],
  ] as const) {
    const waits = Array.from({ length: 1_000 }, () => waitAfter(failures, "tcp://10.0.0.7:502"));
    expect(Math.max(...waits)).toBeLessThanOrEqual(most);
    for (let tenth = 0; tenth < 10; tenth++) {
      const from = most / 2 + (tenth * most) / 20;
      const inside = waits.filter((wait) => wait >= from && wait < from + most / 20).length;
      expect(inside).toBeGreaterThan(40);
    }
  }
  expect(waitAfter(9, "/dev/ttyUSB0")).toBe(1_000);
});
