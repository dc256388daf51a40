import { createServer, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { clock } from "../../../gateway/clock.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import { connectMqtt, type MqttConnection } from "../../../gateway/mqtt/connection.ts";
import { linkOptions } from "../../../gateway/mqtt/settings.ts";
import { Window } from "../../../gateway/mqtt/window.ts";
import { describeWith } from "../../need.ts";
import { quiet, until } from "../../sim/peers/kit.ts";
import { type Mosquitto, startMosquitto, subscribe } from "../../sim/peers/mosquitto.ts";

const link = (url: string, more: object = {}) => z.strictObject(linkOptions).parse({ url, ...more });
const open: { close(): Promise<unknown> | unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const connect = (url: string, more: object = {}, options: object = {}): MqttConnection => {
  const connection = connectMqtt({
    name: "mqtt",
    link: link(url, options),
    broker: undefined,
    clientId: "vigie-nord-mqtt",
    clock,
    say: quiet,
    meters: new Meters(),
    ...more,
  });
  open.push(connection);
  return connection;
};

const mosquitto = async (lines?: string[]): Promise<Mosquitto> => {
  const broker = await startMosquitto(lines);
  open.push({ close: () => broker.stop() });
  return broker;
};

test("never more messages in flight than the window, all of them in order", async () => {
  const flying: { topic: string; acked: () => void }[] = [];
  const sent: string[] = [];
  const window = new Window(3, ({ topic }, acked) => {
    sent.push(topic);
    flying.push({ topic, acked });
    expect(flying.length).toBeLessThanOrEqual(3);
  });
  const messages = Array.from({ length: 10 }, (_, i) => ({ topic: String(i), payload: "" }));
  let done = 0;
  for (const half of [messages.slice(0, 5), messages.slice(5)]) window.publish(half).then(() => done++);
  while (flying.length > 0) {
    flying.shift()?.acked();
    await Promise.resolve();
  }
  expect(sent).toEqual(messages.map(({ topic }) => topic));
  expect(done).toBe(2);
});

test("without a broker a message is refused, not kept", async () => {
  const connection = connect("mqtt://127.0.0.1:1");
  await expect(connection.publish([{ topic: "a", payload: "1" }])).rejects.toThrow(/no connection/);
});

test("a broker that takes messages and never acknowledges is left after 10 s, and nothing counts as sent", async () => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("data", () => socket.write(Buffer.from([0x20, 2, 0, 0])));
    socket.on("error", () => undefined);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  open.push({
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
  const address = server.address();
  const connection = connect(`mqtt://127.0.0.1:${typeof address === "object" ? address?.port : 0}`);
  const messages = Array.from({ length: 500 }, (_, i) => ({ topic: "a", payload: String(i) }));
  await expect(connection.publish(messages)).rejects.toThrow(/lost the connection/);
}, 25_000);

describeWith(["mosquitto", "mosquitto_sub"], "with a real broker", () => {
  test.each(["3.1.1", "5"])("messages arrive once each, in order (MQTT %s)", async (version) => {
    const broker = await mosquitto();
    const listener = subscribe(broker.port, "a/#");
    open.push({ close: () => listener.stop() });
    const connection = connect(broker.url, {}, { version });
    await until(async () => {
      await connection.publish([{ topic: "a/there", payload: "" }]);
      return listener.lines.length > 0;
    });
    await connection.publish(Array.from({ length: 2_000 }, (_, i) => ({ topic: "a/b", payload: String(i) })));
    await until(() => listener.lines.filter((l) => l.topic === "a/b").length === 2_000);
    expect(listener.lines.filter((l) => l.topic === "a/b").map((l) => Number(l.payload))).toEqual(
      Array.from({ length: 2_000 }, (_, i) => i),
    );
  });

  test("a broken connection rejects what was not acknowledged, and comes back by itself", async () => {
    const broker = await mosquitto();
    const connection = connect(broker.url);
    await connection.publish([{ topic: "a", payload: "1" }]);
    await broker.kill();
    await until(() => !connection.connected);
    await expect(connection.publish([{ topic: "a", payload: "2" }])).rejects.toThrow(/no connection/);
    await broker.start();
    await until(() => connection.connected, 10_000);
    await connection.publish([{ topic: "a", payload: "3" }]);
  }, 20_000);

  test("says online when it comes, offline when it goes, and the last will says it when it cannot", async () => {
    const broker = await mosquitto();
    const connection = connect(broker.url, { presence: "vigie/v1/nord/$state" });
    const listener = subscribe(broker.port, "vigie/v1/nord/$state");
    open.push({ close: () => listener.stop() });
    await connection.publish([{ topic: "a", payload: "" }]);
    await until(() => listener.lines.length === 1);
    expect(JSON.parse(listener.lines[0]?.payload ?? "")).toMatchObject({ state: "online" });
    await connection.close();
    await until(() => listener.lines.length === 2);
    expect(JSON.parse(listener.lines[1]?.payload ?? "")).toMatchObject({ state: "offline" });
    // One that is thrown out (another with its id comes) cannot say goodbye.
    const second = connect(broker.url, { presence: "vigie/v1/nord/$state" });
    await second.publish([{ topic: "a", payload: "" }]);
    const thief = connect(broker.url);
    await thief.publish([{ topic: "a", payload: "" }]);
    await until(() => listener.lines.length >= 4);
    expect(JSON.parse(listener.lines[3]?.payload ?? "")).toMatchObject({ state: "offline" });
  });

  test("a message whose handler has not finished is not acknowledged: a broker that keeps it sends it again", async () => {
    const broker = await mosquitto();
    const heard: string[] = [];
    const waiting = Promise.withResolvers<void>();
    const first = connect(broker.url, { session: true, clientId: "plant" });
    first.subscribe("a/#", (_, payload) => {
      heard.push(payload.toString());
      return waiting.promise;
    });
    const speaker = connect(broker.url);
    await until(() => first.connected);
    await until(async () => {
      await speaker.publish([{ topic: "a/b", payload: "1" }]);
      return heard.length > 0;
    });
    const before = heard.length;
    await speaker.publish([{ topic: "a/b", payload: "2" }]);
    await until(() => heard.length === before + 1);
    await first.close();
    const again: string[] = [];
    const second = connect(broker.url, { session: true, clientId: "plant" });
    second.subscribe("a/#", (_, payload) => void again.push(payload.toString()));
    await until(() => again.includes("2"));
  });

  test("a name and a password open a broker that wants them", async () => {
    const { writeFileSync } = await import("node:fs");
    const { execFileSync } = await import("node:child_process");
    const file = `/tmp/vigie-mosquitto-${process.pid}`;
    writeFileSync(file, "");
    execFileSync("mosquitto_passwd", ["-b", file, "nord", "secret-word"], { stdio: "ignore" });
    const broker = await mosquitto(["allow_anonymous false", `password_file ${file}`]);
    await expect(connect(broker.url).publish([{ topic: "a", payload: "" }])).rejects.toThrow(/no connection/);
    await connect(broker.url, {}, { username: "nord", password: "secret-word" }).publish([{ topic: "a", payload: "" }]);
  });
});
