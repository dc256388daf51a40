import { createServer, type Server, type Socket } from "node:net";
import { Aedes, type Client, type ConnectPacket } from "aedes";
import type { Logger } from "pino";
import { fromHere, isLoopback } from "../core/address.ts";
import { Knocks, neighbour } from "../core/knocks.ts";
import type { Cells } from "../core/log.ts";
import type { Meters } from "../core/meter.ts";
import { type Clock, SECOND } from "../core/time.ts";
import type { EmbeddedBroker } from "../plugin.ts";
import { MqttAccounts, mayPublish, maySubscribe, type Rights } from "./accounts.ts";
import { type ByteGuard, knocked, watch } from "./guard.ts";
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

/** Bounds on connections; aedes has none. */
const caps = { connections: 1_000, perAddress: 200, knockingPerAddress: 50 } as const;
/** New connections: a workshop's clients may all come back at once, and then nobody needs another one every second. */
const pace = { each: { burst: 100, perSecond: 10 }, all: { burst: 500, perSecond: 100 } } as const;
const CONNECT_WITHIN = 5 * SECOND;
/** A subscriber that reads nothing for so long is closed; aedes would hold everybody up for it. */
const DRAIN_WITHIN = 3 * SECOND;

interface Visitor {
  name: string;
  rights: Rights;
}

/** Opens the broker inside the gateway. */
export async function openBroker(parts: BrokerParts): Promise<Broker> {
  const { host, open } = parts.settings;
  if (open && !isLoopback(host)) throw new Error(`broker: without a password only 127.0.0.1 is allowed, not ${host}`);
  const accounts = await MqttAccounts.load(parts.cells);
  const door = new Door(parts, accounts);
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
  const memory = bindMemory(aedes, (what) =>
    parts.meters.counter("broker_dropped_total", "Messages dropped at a bound of the broker's memory", { what }),
  );
  accounts.onRevoked((name) => {
    for (const client of door.connected()) if (door.visitor(client)?.name === name) client.close();
    for (const id of door.sessions.endAll(name)) void memory.endSession(id);
  });
  aedes.on("client", (client) => door.entered(client));
  aedes.on("clientDisconnect", (client) => door.left(client));
  const onSocket = (socket: Socket) => door.knock(socket, (guarded) => aedes.handle(guarded));
  const { tls } = parts.settings;
  const secureServer = tls && tlsServer({ tls, ...parts, onSocket, handshakeWithin: CONNECT_WITHIN });
  const plain = await listen(createServer(onSocket), parts.settings.port, parts.settings.host);
  const secure = tls && secureServer && (await listen(secureServer, tls.port, tls.host).catch(closing(plain.server)));
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
      plain.server.close();
      secure?.server.close();
      door.closeAll();
      await new Promise<void>((done) => aedes.close(() => done()));
    },
  };
}

/** What anybody on this machine may do where the broker is open: look. */
const anybody: Rights = { publish: [], subscribe: ["vigie/#"] };

/** The sockets of one address; `knocking` are those that have not shown who they are. */
interface Neighbour {
  all: Set<object>;
  knocking: Set<object>;
}

/** Who may come in, and what they may do inside. */
class Door {
  readonly sessions = new Sessions();
  readonly #parts: BrokerParts;
  readonly #accounts: MqttAccounts;
  readonly #visitors = new WeakMap<Client, Visitor>();
  readonly #knocks = new WeakMap<object, { guard: ByteGuard; known: Neighbour }>();
  readonly #sockets = new Map<string, Neighbour>();
  readonly #inside = new Set<Client>();
  readonly #pace = new Knocks(pace.each, pace.all);
  readonly #all = new Set<Socket>();

  constructor(parts: BrokerParts, accounts: MqttAccounts) {
    this.#parts = parts;
    this.#accounts = accounts;
    parts.meters.probe(() => {
      parts.meters.gauge("broker_clients", "Clients of the embedded broker").value = this.#inside.size;
    });
  }

  connected(): readonly Client[] {
    return [...this.#inside];
  }

  visitor(client: Client): Visitor | undefined {
    return this.#visitors.get(client);
  }

  /** A new socket: counted, guarded, and given to the broker. */
  knock(socket: Socket, handle: (socket: Socket) => void): void {
    const from = neighbour(socket.remoteAddress ?? "");
    const known: Neighbour = this.#sockets.get(from) ?? { all: new Set(), knocking: new Set() };
    if (
      !this.#pace.may(from, performance.now()) ||
      this.#all.size >= caps.connections ||
      known.all.size >= caps.perAddress ||
      known.knocking.size >= caps.knockingPerAddress
    ) {
      this.#refused("too many connections");
      socket.destroy();
      return;
    }
    this.#sockets.set(from, known);
    known.all.add(socket);
    known.knocking.add(socket);
    this.#all.add(socket);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60 * SECOND);
    // aedes listens too; this one keeps an error before that from being thrown.
    socket.on("error", () => undefined);
    socket.once("close", () => {
      this.#all.delete(socket);
      known.all.delete(socket);
      known.knocking.delete(socket);
      if (known.all.size === 0) this.#sockets.delete(from);
    });
    knocked(socket, CONNECT_WITHIN, (why) => {
      if (why) {
        this.#refused(why);
        socket.destroy();
        return;
      }
      const slowed = this.#parts.meters.counter("broker_slowed_total", "Times a client sent faster than it may");
      const guard = watch(socket, (reason) => this.#refused(reason), slowed);
      this.#knocks.set(socket, { guard, known });
      handle(socket);
    });
  }

  /** A CONNECT has arrived. */
  mayKnock(client: Client, packet: ConnectPacket): boolean {
    const id = packet.clientId;
    const fine =
      id.length <= 128 && !/[+#/$\p{Cc}]/u.test(id) && this.sessions.fit({ id, clean: packet.clean !== false });
    if (fine) return true;
    this.#refused("client id");
    client.conn.destroy();
    return false;
  }

  admit(client: Client, name: string | undefined, password: Buffer | undefined): boolean {
    const visitor = this.#whoIs(client, name, password);
    // Others may have come in since this one knocked.
    const fits = this.sessions.fit(client);
    if (!visitor || !fits) {
      this.#refused(visitor ? "client id" : "name or password");
      return false;
    }
    this.#visitors.set(client, visitor);
    const knock = this.#knocks.get(client.conn);
    if (knock) {
      knock.guard.admitted = true;
      knock.known.knocking.delete(client.conn);
    }
    this.sessions.begin(client, visitor.name);
    return true;
  }

  mayPublish(client: Client | null, topic: string): boolean {
    const visitor = client && this.#visitors.get(client);
    if (visitor && mayPublish(visitor.rights, topic)) return true;
    this.#refused("publish");
    return false;
  }

  maySubscribe(client: Client, filter: string): boolean {
    const visitor = this.#visitors.get(client);
    if (visitor && maySubscribe(visitor.rights, filter)) return true;
    this.#refused("subscribe");
    return false;
  }

  entered(client: Client): void {
    this.#inside.add(client);
  }

  left(client: Client): void {
    this.#inside.delete(client);
  }

  closeAll(): void {
    for (const socket of this.#all) socket.destroy();
  }

  #whoIs(client: Client, name: string | undefined, password: Buffer | undefined): Visitor | undefined {
    const { id } = client;
    if (name === undefined) {
      const here = "remoteAddress" in client.conn && isLoopback(client.conn.remoteAddress ?? "");
      const free = !this.#belongs(id) && client.clean;
      return this.#parts.settings.open && here && free ? { name: "", rights: anybody } : undefined;
    }
    // A client id belongs to the account whose name it begins with, so that nobody can throw out another one.
    if (id !== name && !id.startsWith(`${name}.`) && !id.startsWith("aedes_")) return undefined;
    const rights = password && this.#accounts.verify(name, password);
    return rights ? { name, rights } : undefined;
  }

  /** Whether an id is (or could be) that of the gateway or of an account. */
  #belongs(id: string): boolean {
    const owner = id.split(".")[0] ?? "";
    return owner.startsWith("vigie") || this.#accounts.has(owner);
  }

  #refused(reason: string): void {
    this.#parts.meters.counter("broker_refused_total", "Connections and requests the broker refused", {
      reason,
    }).value += 1;
  }
}

function listen(server: Server, port: number, host: string): Promise<{ server: Server; port: number }> {
  // Beyond what the door counts: sockets still in their TLS handshake.
  server.maxConnections = caps.connections + 100;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve({ server, port: typeof address === "object" && address ? address.port : port });
    });
  });
}

/** For a second server that cannot open: the first one must not stay behind. */
const closing = (server: Server) => (error: unknown) => {
  server.close();
  throw error;
};

const hostOf = (host: string): string => {
  const near = fromHere(host);
  return near.includes(":") ? `[${near}]` : near;
};
