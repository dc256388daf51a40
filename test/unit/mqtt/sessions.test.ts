import mqtt, { type IConnackPacket, type MqttClient } from "mqtt";
import { afterEach, beforeEach, expect, test } from "vitest";
import { clock } from "../../../gateway/clock.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import { type Clock, DAY } from "../../../gateway/core/time.ts";
import { type Broker, openBroker } from "../../../gateway/mqtt/broker.ts";
import { keeps } from "../../../gateway/mqtt/sessions.ts";
import { brokerSettings } from "../../../gateway/mqtt/settings.ts";
import { MemoryCells, quiet, until } from "../../sim/peers/kit.ts";

const rights = { publish: [], subscribe: ["vigie/v1/nord/#"] };
let broker: Broker;
let password: string;
let meters: Meters;
/** Time goes on by itself, and further by what a test says; who waits for an hour is woken by hand. */
const time = { ahead: 0, wake: (): void => undefined };
const moving: Clock = {
  ...clock,
  monotonic: () => clock.monotonic() + time.ahead,
  sleep: (_, signal) =>
    new Promise((resolve, reject) => {
      time.wake = resolve;
      signal?.addEventListener("abort", () => reject(signal.reason));
    }),
};

beforeEach(async () => {
  time.ahead = 0;
  const settings = brokerSettings.parse({ port: 0 });
  meters = new Meters();
  const parts = { site: { id: "nord" }, cells: new MemoryCells(), clock: moving, meters, say: quiet };
  broker = await openBroker({ settings, ...parts });
  password = await broker.accounts.create("plant", rights, 0);
});
afterEach(() => broker.close());

/** Comes in and goes again; says whether it was let in. Who comes too soon after too many others tries again. */
async function visit(clientId: string, clean: boolean): Promise<boolean> {
  for (;;) {
    const tooSoon = hurried();
    const client = connect(clientId, clean);
    const isIn = await new Promise<boolean>((said) => {
      client.once("connect", () => said(true));
      client.once("close", () => said(false));
    });
    await client.endAsync(!isIn);
    if (isIn || hurried() === tooSoon) return isIn;
  }
}

function connect(clientId: string, clean: boolean): MqttClient {
  const options = { clientId, clean, username: "plant", password, reconnectPeriod: 0 };
  const client = mqtt.connect(`mqtt://127.0.0.1:${broker.port}`, options);
  client.on("error", () => undefined);
  return client;
}

const hurried = () => meters.sum("broker_refused_total", { reason: "too many connections" });

test("a session that was ended makes room for another", async () => {
  for (let i = 0; i < keeps.sessions; i++) expect(await visit(`plant.${i}`, false)).toBe(true);
  expect(await visit("plant.more", false)).toBe(false);
  expect(await visit("plant.7", false)).toBe(true);
  expect(await visit("plant.7", true)).toBe(true);
  expect(await visit("plant.more", false)).toBe(true);
  expect(await visit("plant.7", false)).toBe(false);
}, 20_000);

test("with an account go the sessions that it had", async () => {
  for (let i = 0; i < keeps.sessions; i++) expect(await visit(`plant.${i}`, false)).toBe(true);
  await broker.accounts.revoke("plant");
  password = await broker.accounts.create("plant", rights, 0);
  expect(await visit("plant.more", false)).toBe(true);
}, 20_000);

test("an account with fewer rights than before is not told what its session was subscribed to", async () => {
  const client = connect("plant", false);
  await new Promise<void>((done) => client.once("connect", () => done()));
  await client.subscribeAsync("vigie/v1/nord/#", { qos: 1 });
  await client.endAsync();
  password = await broker.accounts.create("plant", { publish: [], subscribe: ["vigie/v1/nord/tour-2/#"] }, 0);
  const again = connect("plant", false);
  const heard: string[] = [];
  again.on("message", (topic) => heard.push(topic));
  const { sessionPresent } = await new Promise<IConnackPacket>((done) => again.once("connect", done));
  await again.subscribeAsync("vigie/v1/nord/tour-2/#", { qos: 1 });
  for (const topic of ["vigie/v1/nord/tour-1/a", "vigie/v1/nord/tour-2/a"])
    await new Promise((done) => broker.inside.publish({ topic, payload: "1", retain: false }, done));
  await until(() => heard.includes("vigie/v1/nord/tour-2/a"));
  expect({ sessionPresent, heard }).toEqual({ sessionPresent: false, heard: ["vigie/v1/nord/tour-2/a"] });
  await again.endAsync();
});

test("a client that has been away for a week makes room for another; one that is here, or was lately, does not", async () => {
  const here = connect("plant.0", false);
  await new Promise<void>((done) => here.once("connect", () => done()));
  for (let i = 1; i < keeps.sessions - 1; i++) expect(await visit(`plant.${i}`, false)).toBe(true);
  time.ahead = 4 * DAY;
  expect(await visit("plant.lately", false)).toBe(true);
  expect(await visit("plant.more", false)).toBe(false);
  time.ahead = keeps.awayFor + DAY;
  expect(await visit("plant.more", false)).toBe(true);
  expect(meters.sum("broker_dropped_total", { what: "session" })).toBe(keeps.sessions - 2);
  await here.endAsync();
}, 20_000);

test("what was kept for a client that does not come back goes with its session, within the hour, also where there is room", async () => {
  const client = connect("plant", false);
  await new Promise<void>((done) => client.once("connect", () => done()));
  await client.subscribeAsync("vigie/v1/nord/#", { qos: 1 });
  // Its own second connection throws the first one out: it has not gone by that.
  const second = connect("plant", false);
  await new Promise<void>((done) => client.once("close", () => done()));
  time.ahead = keeps.awayFor + DAY;
  time.wake();
  await second.endAsync();
  expect(meters.sum("broker_dropped_total", { what: "session" })).toBe(0);
  time.ahead += keeps.awayFor + DAY;
  await until(() => {
    time.wake();
    return meters.sum("broker_dropped_total", { what: "session" }) === 1;
  });
  const again = connect("plant", false);
  const { sessionPresent } = await new Promise<IConnackPacket>((done) => again.once("connect", done));
  expect(sessionPresent).toBe(false);
  await again.endAsync();
});
