import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { clock } from "../../../gateway/clock.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import { connectMqtt, type MqttConnection } from "../../../gateway/mqtt/connection.ts";
import { linkOptions } from "../../../gateway/mqtt/settings.ts";
import { describeWith } from "../../need.ts";
import { Certificates } from "../../sim/peers/certificates.ts";
import { quiet, until } from "../../sim/peers/kit.ts";
import { type Mosquitto, startMosquitto, subscribe } from "../../sim/peers/mosquitto.ts";
import { freePort } from "../../sim/port.ts";

const certificates = new Certificates(mkdtempSync(join(tmpdir(), "vigie-external-")));
const open: { close(): Promise<unknown> | unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

function connect(url: string, link: object, more: object = {}): MqttConnection {
  const connection = connectMqtt({
    ...{ name: "mqtt", broker: undefined, clientId: "vigie-nord-mqtt", clock, say: quiet, meters: new Meters() },
    link: z.strictObject(linkOptions).parse({ url, ...link }),
    ...more,
  });
  open.push(connection);
  return connection;
}

async function mosquitto(lines?: readonly string[]): Promise<Mosquitto> {
  const broker = await startMosquitto(lines);
  open.push({ close: () => broker.stop() });
  return broker;
}

describeWith(["mosquitto", "mosquitto_sub"], "an external broker", () => {
  beforeAll(() => {
    for (const name of ["ca", "other"]) certificates.authority(name);
    certificates.signed("server", "ca");
    certificates.signed("client", "ca");
    certificates.signed("stranger", "other");
  });

  test.each(["3.1.1", "5"])("over TLS with a client certificate, and not without (MQTT %s)", async (version) => {
    const port = await freePort();
    const { cert, key } = certificates.files("server");
    const ca = certificates.at("ca.crt");
    const tls = [`cafile ${ca}`, `certfile ${cert}`, `keyfile ${key}`, "require_certificate true"];
    await mosquitto(["user root", "allow_anonymous true", `listener ${port} 127.0.0.1`, ...tls]);
    const url = `mqtts://127.0.0.1:${port}`;
    const message = [{ topic: "a/b", payload: "1" }];
    await connect(url, { version, ca, ...certificates.files("client") }).publish(message);
    const refused = [
      { version, ca },
      { version, ca, ...certificates.files("stranger") },
      { version, ca: certificates.at("other.crt"), ...certificates.files("client") },
    ];
    for (const link of refused) await expect(connect(url, link).publish(message)).rejects.toThrow(/no connection/);
  });

  test.each(["3.1.1", "5"])("keeps for us what came while we were away (MQTT %s)", async (version) => {
    const broker = await mosquitto();
    const heard: string[] = [];
    const listen = () => {
      const connection = connect(broker.url, { version, client_id: "plant" }, { session: true });
      connection.subscribe("halls/#", (_, payload) => void heard.push(payload.toString()));
      return connection;
    };
    const speaker = connect(broker.url, { version, client_id: "hall" });
    const first = listen();
    await until(() => first.connected);
    await speaker.publish([{ topic: "halls/ready", payload: "ready" }]);
    await until(() => heard.includes("ready"));
    await first.close();
    await speaker.publish(Array.from({ length: 200 }, (_, i) => ({ topic: "halls/a", payload: String(i) })));
    expect(heard).toEqual(["ready"]);
    listen();
    await until(() => heard.length === 201);
    expect(heard.slice(1)).toEqual(Array.from({ length: 200 }, (_, i) => String(i)));
  });

  test.each([
    "3.1.1",
    "5",
  ])("is handed over cleanly from a gateway that stops to the next one (MQTT %s)", async (version) => {
    const broker = await mosquitto();
    const states = subscribe(broker.port, "vigie/v1/nord/$state");
    open.push({ close: () => states.stop() });
    const gateway = () => connect(broker.url, { version }, { presence: "vigie/v1/nord/$state" });
    const said = () => states.lines.map(({ payload }) => (JSON.parse(payload) as { state: string }).state);
    const before = gateway();
    await before.publish([{ topic: "a", payload: "1" }]);
    await until(() => said().length === 1);
    await before.close();
    await gateway().publish([{ topic: "a", payload: "2" }]);
    await until(() => said().length === 3);
    // No last will in between: it went properly.
    expect(said()).toEqual(["online", "offline", "online"]);
  });

  test("a second box with our client id: the broker lets one go, and no message counts as sent that was not", async () => {
    const broker = await mosquitto();
    const listener = subscribe(broker.port, "twin/#");
    open.push({ close: () => listener.stop() });
    const one = connect(broker.url, {});
    await one.publish([{ topic: "twin/ready", payload: "ready", retain: true }]);
    await until(() => listener.lines.length > 0);
    const other = connect(broker.url, {});
    const sent: string[] = [];
    for (let i = 0; i < 20; i++) {
      const payload = String(i);
      for (const box of [one, other])
        await box.publish([{ topic: "twin/a", payload }]).then(
          () => sent.push(payload),
          () => undefined,
        );
    }
    expect(sent.length).toBeGreaterThan(0);
    await until(() => sent.every((payload) => listener.lines.some((line) => line.payload === payload)));
  });
});
