import { createServer, type Server, type Socket } from "node:net";
import { Aedes } from "aedes";
import type { Logger } from "pino";
import { fromHere, isLoopback } from "../core/address.ts";
import type { Cells } from "../core/log.ts";
import type { Meters } from "../core/meter.ts";
import { type Clock, HOUR, SECOND } from "../core/time.ts";
import { firstByte, HANDSHAKE } from "../first-byte.ts";
import type { EmbeddedBroker } from "../plugin.ts";
import { MqttAccounts } from "./accounts.ts";
import { CONNECT_WITHIN, Door } from "./door.ts";
import { insideOf } from "./inside.ts";
import { bindMemory, Sessions } from "./sessions.ts";
import type { BrokerSettings } from "./settings.ts";
import { type BrokerIdentity, tlsServer } from "./tls.ts";

export interface BrokerParts {
  settings: BrokerSettings;
  site: { id: string };
  cells: Cells;
  clock: Clock;
  meters: Meters;
  say: Logger;
  /** Certificate and key for TLS where the settings name none of their own. */
  identity?: BrokerIdentity;
}

export interface Broker {
  /** The gateway's own way in. */
  readonly inside: EmbeddedBroker;
  readonly port: number;
  readonly tlsPort: number | undefined;
  readonly accounts: MqttAccounts;
  /** Who is connected now. */
  connected(): readonly { id: string; name: string; address: string }[];
  close(): Promise<void>;
}

/** A subscriber that reads nothing for so long is closed; aedes would hold everybody up for it. */
const DRAIN_WITHIN = 3 * SECOND;

/** Opens the broker inside the gateway. */
export async function openBroker(parts: BrokerParts): Promise<Broker> {
  const { host, open } = parts.settings;
  if (open && !isLoopback(host)) throw new Error(`broker: without a password only 127.0.0.1 is allowed, not ${host}`);
  const accounts = await MqttAccounts.load(parts.cells);
  const dropped = (what: string) =>
    parts.meters.counter("broker_dropped_total", "What was dropped at a bound of the broker's memory", { what });
  const sessions = new Sessions(parts.clock.monotonic, (id) => {
    dropped("session").value += 1;
    void memory.endSession(id);
  });
  const door = new Door(parts, accounts, sessions);
  const aedes = await Aedes.createBroker({
    id: "vigie",
    concurrency: 1_000,
    connectTimeout: CONNECT_WITHIN,
    drainTimeout: DRAIN_WITHIN,
    maxInflightInbound: 100,
    maxTopicLevels: 16,
    preConnect: (client, packet, done) => done(null, door.mayKnock(client, packet)),
    authenticate: (client, name, password, done) => {
      const admitted = door.admit(client, name, password);
      done(admitted ? null : Object.assign(new Error("wrong name or password"), { returnCode: 5 as const }), admitted);
    },
    authorizePublish: (client, packet, done) => {
      if (door.mayPublish(client, packet.topic)) done(null);
      else done(new Error(`may not publish to ${packet.topic}`));
    },
    authorizeSubscribe: (client, asked, done) => done(null, door.maySubscribe(client, asked.topic) ? asked : null),
  });
  const memory = bindMemory(aedes, dropped);
  accounts.onRevoked((name) => {
    for (const client of door.connected()) if (door.visitor(client)?.name === name) client.close();
    for (const id of sessions.endAll(name)) void memory.endSession(id);
  });
  aedes.on("client", (client) => door.entered(client));
  aedes.on("clientDisconnect", (client) => door.left(client));
  const onSocket = (socket: Socket) => door.hear(socket, (guarded) => aedes.handle(guarded));
  const { tls } = parts.settings;
  const handshakes = tls && tlsServer({ tls, ...parts, onSocket, handshakeWithin: CONNECT_WITHIN });
  const plainDoor = createServer((socket) => door.knock(socket) && onSocket(socket));
  const plain = await listen(plainDoor, parts.settings.port, parts.settings.host);
  // A handshake costs more than anything else that a stranger can ask for: it has to pass the same door first.
  const secureDoor = createServer((socket) => door.knock(socket) && shakeHands(socket, handshakes));
  const secure = tls && (await listen(secureDoor, tls.port, tls.host).catch(leaving(plain.server)));
  const closing = new AbortController();
  void everyHour(parts.clock, closing.signal, () => sessions.endAbandoned());
  return {
    inside: insideOf(aedes, `mqtt://${hostOf(parts.settings.host)}:${plain.port}`),
    port: plain.port,
    tlsPort: secure?.port,
    accounts,
    connected: () =>
      door.connected().map((client) => ({
        id: client.id,
        name: door.visitor(client)?.name ?? "",
        address: "remoteAddress" in client.conn ? (client.conn.remoteAddress ?? "") : "",
      })),
    close: async () => {
      closing.abort();
      plain.server.close();
      secure?.server.close();
      handshakes?.close();
      door.closeAll();
      await new Promise<void>((done) => aedes.close(() => done()));
    },
  };
}

async function everyHour(clock: Clock, signal: AbortSignal, work: () => void): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(HOUR, signal).catch(() => undefined);
    if (!signal.aborted) work();
  }
}

function shakeHands(socket: Socket, server: Server | undefined): void {
  firstByte(socket, CONNECT_WITHIN, (first) => {
    if (first === HANDSHAKE) server?.emit("connection", socket);
    else socket.destroy();
  });
}

function listen(server: Server, port: number, host: string): Promise<{ server: Server; port: number }> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve({ server, port: typeof address === "object" && address ? address.port : port });
    });
  });
}

/** For a second server that cannot open: the first one must not stay behind. */
const leaving = (server: Server) => (error: unknown) => {
  server.close();
  throw error;
};

const hostOf = (host: string): string => {
  const near = fromHere(host);
  return near.includes(":") ? `[${near}]` : near;
};
