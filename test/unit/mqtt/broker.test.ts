import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { clock } from "../../../gateway/clock.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import { type Broker, openBroker } from "../../../gateway/mqtt/broker.ts";
import { brokerSettings } from "../../../gateway/mqtt/settings.ts";
import { MemoryCells, quiet, until } from "../../sim/peers/kit.ts";

const cells = new MemoryCells();
const meters = new Meters();
const site = { id: "nord" };
const reader = { publish: [], subscribe: ["vigie/v1/nord/#"] };
let broker: Broker;
const opened: { end(force: boolean): unknown }[] = [];

const open = (settings: object = {}) =>
  openBroker({ settings: brokerSettings.parse({ port: 0, ...settings }), site, cells, clock, meters, say: quiet });

beforeEach(async () => {
  broker = await open();
});
afterEach(async () => {
  for (const client of opened.splice(0)) client.end(true);
  await broker.close();
});

const connect = (options: IClientOptions) => {
  const client = mqtt.connect(`mqtt://127.0.0.1:${broker.port}`, { reconnectPeriod: 0, ...options });
  opened.push(client);
  return client;
};
const code = (options: IClientOptions) =>
  new Promise<number | "in" | "closed">((resolve) => {
    const client = connect(options);
    client.once("connect", () => resolve("in"));
    client.once("error", (error) => resolve("code" in error ? Number(error.code) : -1));
    client.once("close", () => resolve("closed"));
  });
const connected = (client: MqttClient) => new Promise<void>((done) => client.once("connect", () => done()));
const closing = (client: MqttClient) => new Promise<void>((done) => client.once("close", () => done()));
let neighbours = 0;
/** Somebody who may do nearly everything. */
const neighbour = async (): Promise<IClientOptions> => {
  const username = `neighbour-${neighbours++}`;
  const everything = ["edge/#", "vigie/#", "load/#"];
  const password = await broker.accounts.create(username, { publish: everything, subscribe: everything }, 0);
  return { clientId: username, username, password };
};

describe("who may come in", () => {
  test("nobody without a password", async () => {
    expect(await code({})).toBe(5);
  });

  test("nobody with a wrong one", async () => {
    await broker.accounts.create("ecran", reader, 0);
    expect(await code({ clientId: "ecran", username: "ecran", password: "wrong" })).toBe(5);
    expect(await code({ clientId: "gateway", username: "gateway", password: "wrong" })).toBe(5);
  });

  test("an account with its password, which is nowhere kept in clear", async () => {
    const password = await broker.accounts.create("ecran", reader, 0);
    expect(await code({ clientId: "ecran.1", username: "ecran", password })).toBe("in");
    expect(cells.dump()).not.toContain(password);
  });

  test("nobody under the client id of another", async () => {
    const password = await broker.accounts.create("ecran", reader, 0);
    expect(await code({ clientId: "autre", username: "ecran", password })).toBe(5);
    expect(await code({ clientId: "vigie-nord-mqtt", username: "ecran", password })).toBe(5);
  });

  test("a revoked one is thrown out within a second", async () => {
    const password = await broker.accounts.create("ecran", reader, 0);
    const client = connect({ clientId: "ecran", username: "ecran", password });
    await connected(client);
    const gone = closing(client);
    const from = performance.now();
    await broker.accounts.revoke("ecran");
    await gone;
    expect(performance.now() - from).toBeLessThan(1_000);
    expect(await code({ clientId: "ecran", username: "ecran", password })).toBe(5);
  });

  test("where the site file opens it, anybody on this machine may look, and do nothing else", async () => {
    await broker.close();
    broker = await open({ open: true });
    const client = connect({});
    await connected(client);
    for (const filter of ["vigie/#", "vigie/v1/#", "vigie/v1/nord/#"])
      expect((await client.subscribeAsync(filter, { qos: 1 }))[0]?.qos).toBe(1);
    await expect(client.subscribeAsync("#")).rejects.toThrow();
    const closed = closing(client);
    client.publish("vigie/v1/nord/tour-2/$alarm/1/ack", "{}");
    await closed;
  });

  test("opening it beyond this machine is refused, in the site file and after", async () => {
    expect(brokerSettings.safeParse({ open: true, host: "0.0.0.0" }).success).toBe(false);
    const settings = { ...brokerSettings.parse({ port: 0, open: true }), host: "0.0.0.0" };
    await expect(openBroker({ settings, site, cells, clock, meters, say: quiet })).rejects.toThrow(/only 127/);
  });
});

describe("what each may do", () => {
  const rights = { publish: ["edge/+/temp", "edge/own/#"], subscribe: ["vigie/v1/nord/#"] };

  test.each([
    ["vigie/v1/nord/#", true],
    ["vigie/v1/nord/tour-2/+", true],
    ["vigie/v1/sud/#", false],
    ["#", false],
    ["+/v1/nord/a", false],
    ["$SYS/#", false],
  ])("subscribe to %s: %s", async (filter, allowed) => {
    const password = await broker.accounts.create("edge", rights, 0);
    const client = connect({ clientId: "edge", username: "edge", password });
    await connected(client);
    const granted = client.subscribeAsync(filter, { qos: 1 }).then(
      () => true,
      () => false,
    );
    expect(await granted).toBe(allowed);
  });

  test.each([
    ["edge/a/temp", true],
    ["edge/own/deep/er", true],
    ["edge/a/other", false],
    ["vigie/v1/nord/tour-2/temp", false],
    ["$SYS/vigie/new/clients", false],
  ])("publish to %s: %s", async (topic, allowed) => {
    const password = await broker.accounts.create("edge", rights, 0);
    const seen: string[] = [];
    const watcher = connect(await neighbour());
    await connected(watcher);
    watcher.on("message", (t) => seen.push(t));
    await watcher.subscribeAsync(["edge/#", "vigie/#"], { qos: 1 });
    const client = connect({ clientId: "edge", username: "edge", password });
    await connected(client);
    const closed = closing(client);
    client.publish(topic, "x", { qos: 1 });
    if (allowed) await until(() => seen.includes(topic));
    else await closed;
    expect(seen.includes(topic)).toBe(allowed);
  });

  test("a last will beyond its rights is never published", async () => {
    const password = await broker.accounts.create("edge", rights, 0);
    const seen: string[] = [];
    const watcher = connect(await neighbour());
    await connected(watcher);
    watcher.on("message", (t) => seen.push(t));
    await watcher.subscribeAsync(["edge/#", "vigie/#"], { qos: 1 });
    const die = async (topic: string) => {
      const will = { topic, payload: Buffer.from("x"), qos: 1 as const, retain: false };
      const client = connect({ clientId: "edge", username: "edge", password, will });
      await connected(client);
      client.stream.destroy();
    };
    await die("vigie/v1/nord/$state");
    await until(() => broker.connected().length === 1);
    await die("edge/own/gone");
    await until(() => seen.includes("edge/own/gone"));
    expect(seen).toEqual(["edge/own/gone"]);
  });

  test("no account may be given everything", async () => {
    for (const filter of ["#", "+/x", "$SYS/#", "/x", "a/#/b", ""])
      await expect(broker.accounts.create("x", { publish: [], subscribe: [filter] }, 0)).rejects.toThrow(/right/);
  });
});

describe("before a name is shown", () => {
  const raw = async (bytes: Buffer | undefined): Promise<{ socket: Socket; closed: Promise<unknown> }> => {
    const socket = createConnection(broker.port, "127.0.0.1");
    socket.on("error", () => undefined);
    const closed = new Promise((done) => socket.once("close", done));
    // Who knocks too often is let in and thrown out before it can say anything.
    await Promise.race([once(socket, "connect").catch(() => undefined), closed]);
    if (bytes) socket.write(bytes);
    return { socket, closed };
  };
  const within = (closed: Promise<unknown>, ms: number) =>
    Promise.race([closed.then(() => true), new Promise((done) => setTimeout(() => done(false), ms))]);

  test("256 MB announced: closed at once, on a thousand connections without growing", async () => {
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 20; i++) {
      const all = await Promise.all(
        Array.from({ length: 50 }, () => raw(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f, 0, 4]))),
      );
      expect(await Promise.all(all.map(({ closed }) => within(closed, 2_000)))).not.toContain(false);
    }
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(32);
  });

  test.each([
    ["a packet that is no CONNECT", [0x30, 0x05, 0, 1, 0x61, 1, 2]],
    ["a length of five bytes", [0x10, 0xff, 0xff, 0xff, 0xff, 0x7f]],
    ["a page request", [...Buffer.from("GET / HTTP/1.1\r\n\r\n")]],
    ["a CONNECT of 5 KiB", [0x10, 0x80, 0x28]],
  ])("%s: closed at once", async (_, bytes) => {
    const { closed } = await raw(Buffer.from(bytes));
    expect(await within(closed, 1_000)).toBe(true);
  });

  test("a byte and then silence: closed after 5 s", async () => {
    const { closed } = await raw(Buffer.from([0x10]));
    const idle = await raw(undefined);
    expect(await within(closed, 6_500)).toBe(true);
    expect(await within(idle.closed, 1_000)).toBe(true);
  });

  test("one address knocks at most fifty times at once", async () => {
    const all = await Promise.all(Array.from({ length: 80 }, () => raw(undefined)));
    await until(() => all.filter(({ socket }) => socket.destroyed || socket.readableEnded).length >= 30);
    for (const { socket } of all) socket.destroy();
    expect(meters.sum("broker_refused_total", { reason: "too many connections" })).toBeGreaterThanOrEqual(30);
  });
});

describe("once inside", () => {
  test("a subscriber that never reads is closed, and the others wait 4 s at most", async () => {
    const frozen = connect(await neighbour());
    await connected(frozen);
    await frozen.subscribeAsync("load/#", { qos: 0 });
    frozen.stream.pause();
    if ("unpipe" in frozen.stream) frozen.stream.unpipe();
    const listener = connect(await neighbour());
    await connected(listener);
    let heard = 0;
    let last = performance.now();
    let worst = 0;
    listener.on("message", () => {
      heard += 1;
      worst = Math.max(worst, performance.now() - last);
      last = performance.now();
    });
    await listener.subscribeAsync("load/#", { qos: 1 });
    const speaker = connect(await neighbour());
    await connected(speaker);
    last = performance.now();
    const block = Buffer.alloc(64 * 1024);
    for (let i = 0; i < 300; i++) await speaker.publishAsync("load/x", block, { qos: 1 });
    await until(() => heard === 300, 15_000);
    expect(worst).toBeLessThan(4_000);
    await until(() => broker.connected().length === 2);
  }, 30_000);

  test("what the gateway itself publishes is kept, heard by clients, and what it subscribed to reaches it once", async () => {
    const heard: string[] = [];
    await new Promise((done) =>
      broker.inside.publish({ topic: "vigie/v1/nord/a", payload: "kept", retain: true }, done),
    );
    const hear = (topic: string, payload: Buffer, retained: boolean) =>
      void heard.push(`${topic} ${payload} ${retained}`);
    const leave = await broker.inside.subscribe("vigie/v1/nord/#", hear);
    const client = connect(await neighbour());
    await connected(client);
    const [first] = await Promise.all([
      new Promise<string>((done) => client.once("message", (topic, payload) => done(`${topic} ${payload}`))),
      client.subscribeAsync("vigie/v1/nord/a", { qos: 1 }),
    ]);
    await client.publishAsync("vigie/v1/nord/b", "from outside", { qos: 1 });
    expect(first).toBe("vigie/v1/nord/a kept");
    expect(heard).toEqual(["vigie/v1/nord/a kept true", "vigie/v1/nord/b from outside false"]);
    leave();
    await client.publishAsync("vigie/v1/nord/b", "unheard", { qos: 1 });
    expect(heard).toHaveLength(2);
  });

  test("an absent client finds its newest thousand messages, in order", async () => {
    const password = await broker.accounts.create("plant", reader, 0);
    const options = { clientId: "plant", username: "plant", password, clean: false };
    const client = connect(options);
    await connected(client);
    await client.subscribeAsync("vigie/v1/nord/#", { qos: 1 });
    await client.endAsync();
    const speaker = connect(await neighbour());
    await connected(speaker);
    await Promise.all(
      Array.from({ length: 1_500 }, (_, i) => speaker.publishAsync("vigie/v1/nord/a/b", String(i), { qos: 1 })),
    );
    await until(() => meters.sum("broker_dropped_total", { what: "queue" }) >= 500);
    const heard: number[] = [];
    const again = mqtt.connect(`mqtt://127.0.0.1:${broker.port}`, { ...options, reconnectPeriod: 0 });
    opened.push(again);
    again.on("message", (_, payload) => heard.push(Number(payload.toString())));
    await until(() => heard.length >= 1_000);
    expect(heard).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 500));
  });
});
