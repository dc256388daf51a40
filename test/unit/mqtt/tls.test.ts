import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import mqtt, { type IClientOptions } from "mqtt";
import { afterEach, beforeAll, expect, test } from "vitest";
import { clock } from "../../../gateway/clock.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import { type Broker, openBroker } from "../../../gateway/mqtt/broker.ts";
import { brokerSettings } from "../../../gateway/mqtt/settings.ts";
import { Certificates } from "../../sim/peers/certificates.ts";
import { MemoryCells, quiet } from "../../sim/peers/kit.ts";

const certificates = new Certificates(mkdtempSync(join(tmpdir(), "vigie-mqtt-tls-")));
const at = (name: string) => certificates.at(name);
let broker: Broker;

beforeAll(() => {
  for (const name of ["ca", "other"]) certificates.authority(name);
  certificates.signed("server", "ca");
  certificates.signed("client", "ca");
  certificates.signed("stranger", "other");
});
afterEach(() => broker.close());

const open = async (tls: object) => {
  const settings = brokerSettings.parse({ port: 0, tls: { port: 0, host: "127.0.0.1", ...tls } });
  broker = await openBroker({
    settings,
    site: { id: "nord" },
    cells: new MemoryCells(),
    clock,
    meters: new Meters(),
    say: quiet,
  });
  return broker.accounts.create("edge", { publish: [], subscribe: ["vigie/v1/nord/#"] }, 0);
};
const files = (name: string) => certificates.files(name);
const pem = (name: string) => ({ cert: readFileSync(at(`${name}.crt`)), key: readFileSync(at(`${name}.key`)) });

const enter = (password: string, options: IClientOptions) =>
  new Promise<string>((resolve) => {
    const account = { clientId: "edge", username: "edge", password, reconnectPeriod: 0 };
    const client = mqtt.connect(`mqtts://127.0.0.1:${broker.tlsPort}`, { ...account, ...options });
    const done = (outcome: string) => {
      client.end(true);
      resolve(outcome);
    };
    client.once("connect", () => done("in"));
    client.once("error", () => done("refused"));
    client.once("close", () => done("refused"));
  });

test("over TLS: in with the right authority, not with another, not on a version of yesterday", async () => {
  const password = await open(files("server"));
  const ca = readFileSync(at("ca.crt"));
  expect(await enter(password, { ca })).toBe("in");
  expect(await enter("wrong", { ca })).toBe("refused");
  expect(await enter(password, { ca: readFileSync(at("other.crt")) })).toBe("refused");
  const old = { ca, maxVersion: "TLSv1.1", minVersion: "TLSv1", ciphers: "ALL:@SECLEVEL=0" } as const;
  expect(await enter(password, old)).toBe("refused");
});

test("with client certificates: only those of the authority that the site file names", async () => {
  const password = await open({ ...files("server"), clients: at("ca.crt") });
  const ca = readFileSync(at("ca.crt"));
  expect(await enter(password, { ca, ...pem("client") })).toBe("in");
  expect(await enter(password, { ca })).toBe("refused");
  expect(await enter(password, { ca, ...pem("stranger") })).toBe("refused");
});

test("a revoked client certificate is thrown out within seconds and does not come in again; the others do", async () => {
  certificates.signed("stolen", "ca");
  certificates.revoked("ca", []);
  const password = await open({ ...files("server"), clients: at("ca.crt"), revoked: at("revoked.pem") });
  const ca = readFileSync(at("ca.crt"));
  const account = { clientId: "edge", username: "edge", password, reconnectPeriod: 0 };
  const thief = mqtt.connect(`mqtts://127.0.0.1:${broker.tlsPort}`, { ...account, ca, ...pem("stolen") });
  await new Promise((done) => thief.once("connect", done));
  const thrownOut = new Promise<void>((done) => thief.once("close", () => done()));
  certificates.revoked("ca", ["stolen"]);
  await thrownOut;
  expect(await enter(password, { ca, ...pem("stolen") })).toBe("refused");
  expect(await enter(password, { ca, ...pem("client") })).toBe("in");
});

test("a certificate that is renewed in its file is shown without a restart", async () => {
  certificates.signed("renewed", "ca");
  await open(files("renewed"));
  const shown = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connect({ port: broker.tlsPort, host: "127.0.0.1", rejectUnauthorized: false }, () => {
        resolve(socket.getPeerX509Certificate()?.serialNumber ?? "");
        socket.destroy();
      }).on("error", reject);
    });
  const first = await shown();
  certificates.signed("renewed", "ca");
  const { serialNumber } = new X509Certificate(readFileSync(at("renewed.crt")));
  expect(serialNumber).not.toBe(first);
  await expect.poll(shown, { timeout: 10_000 }).toBe(serialNumber);
});

test("a list of revoked certificates without an authority is refused in the site file", () => {
  const tls = { revoked: "x.pem" };
  expect(brokerSettings.safeParse({ tls }).success).toBe(false);
  expect(brokerSettings.safeParse({ tls: { ...tls, clients: "ca.pem" } }).success).toBe(true);
});

test("TLS without any certificate is said when the broker opens", async () => {
  await open(files("server"));
  const settings = brokerSettings.parse({ port: 0, tls: { port: 0 } });
  const parts = { settings, site: { id: "nord" }, cells: new MemoryCells(), clock, meters: new Meters(), say: quiet };
  await expect(openBroker(parts)).rejects.toThrow(/no certificate/);
});

test("one address cannot keep the box busy with handshakes, nor hold more than fifty of them; another one comes in", async () => {
  const password = await open(files("server"));
  const ca = readFileSync(at("ca.crt"));
  const shakeHands = () =>
    new Promise<boolean>((said) => {
      const way = { port: broker.tlsPort ?? 0, host: "127.0.0.1", localAddress: "127.0.0.66" };
      const socket = connect({ ...way, ca });
      socket.once("secureConnect", () => said(true));
      socket.once("close", () => said(false));
      socket.on("error", () => undefined);
    });
  const shaken = await Promise.all(Array.from({ length: 300 }, shakeHands));
  expect(shaken.filter(Boolean).length).toBeGreaterThan(0);
  expect(shaken.filter(Boolean).length).toBeLessThanOrEqual(50);
  expect(await enter(password, { ca })).toBe("in");
});
