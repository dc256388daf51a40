import type { Socket } from "node:net";
import type { Client, ConnectPacket } from "aedes";
import { isLoopback } from "../core/address.ts";
import { Knocks, neighbour } from "../core/knocks.ts";
import type { Meters } from "../core/meter.ts";
import { SECOND } from "../core/time.ts";
import { type MqttAccounts, mayPublish, maySubscribe, type Rights } from "./accounts.ts";
import { type ByteGuard, knocked, watch } from "./guard.ts";
import type { Sessions } from "./sessions.ts";
import type { BrokerSettings } from "./settings.ts";

/** Bounds on connections; aedes has none. */
const caps = { connections: 1_000, perAddress: 200, knockingPerAddress: 50 } as const;
/** New connections: a workshop's clients may all come back at once, and then nobody needs another one every second. */
const pace = { each: { burst: 100, perSecond: 10 }, all: { burst: 500, perSecond: 100 } } as const;
export const CONNECT_WITHIN = 5 * SECOND;

export interface DoorParts {
  settings: BrokerSettings;
  meters: Meters;
}

interface Visitor {
  name: string;
  rights: Rights;
}

/** What anybody on this machine may do where the broker is open: look. */
const anybody: Rights = { publish: [], subscribe: ["vigie/#"] };

/** The connections of one address; `knocking` are those that have not shown who they are. */
interface Neighbour {
  all: Set<string>;
  knocking: Set<string>;
}

/** Who may come in, and what they may do inside. */
export class Door {
  readonly sessions: Sessions;
  readonly #parts: DoorParts;
  readonly #accounts: MqttAccounts;
  readonly #visitors = new WeakMap<Client, Visitor>();
  readonly #guards = new WeakMap<object, ByteGuard>();
  readonly #neighbours = new Map<string, Neighbour>();
  readonly #inside = new Set<Client>();
  readonly #pace = new Knocks(pace.each, pace.all);
  readonly #all = new Set<Socket>();

  constructor(parts: DoorParts, accounts: MqttAccounts, sessions: Sessions) {
    this.#parts = parts;
    this.#accounts = accounts;
    this.sessions = sessions;
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

  /** A new connection, before anything is read or built for it: counted, or refused. */
  knock(socket: Socket): boolean {
    const from = neighbour(socket.remoteAddress ?? "");
    const known: Neighbour = this.#neighbours.get(from) ?? { all: new Set(), knocking: new Set() };
    // It ends when its sender goes away in the middle of a handshake, too, and nobody else listens yet.
    socket.on("error", () => undefined);
    if (
      !this.#pace.may(from, performance.now()) ||
      this.#all.size >= caps.connections ||
      known.all.size >= caps.perAddress ||
      known.knocking.size >= caps.knockingPerAddress
    ) {
      this.#refused("too many connections");
      socket.destroy();
      return false;
    }
    const name = connectionOf(socket);
    this.#neighbours.set(from, known);
    known.all.add(name);
    known.knocking.add(name);
    this.#all.add(socket);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60 * SECOND);
    socket.once("close", () => {
      this.#all.delete(socket);
      known.all.delete(name);
      known.knocking.delete(name);
      if (known.all.size === 0) this.#neighbours.delete(from);
    });
    return true;
  }

  /** What MQTT comes through (the socket itself, or TLS on it) is guarded, and given to the broker once it begins a CONNECT. */
  hear(socket: Socket, handle: (socket: Socket) => void): void {
    // aedes listens too; this one keeps an error before that from being thrown.
    socket.on("error", () => undefined);
    knocked(socket, CONNECT_WITHIN, (why) => {
      if (why) {
        this.#refused(why);
        socket.destroy();
        return;
      }
      const slowed = this.#parts.meters.counter("broker_slowed_total", "Times a client sent faster than it may");
      const guard = watch(socket, (reason) => this.#refused(reason), slowed);
      this.#guards.set(socket, guard);
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
    const guard = this.#guards.get(client.conn);
    if (guard) guard.admitted = true;
    if ("remoteAddress" in client.conn) {
      const known = this.#neighbours.get(neighbour(client.conn.remoteAddress ?? ""));
      known?.knocking.delete(connectionOf(client.conn));
    }
    this.sessions.begin(client, visitor.name);
    client.conn.once("close", () => this.sessions.leave(client));
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

/** The same for a socket and for the TLS that runs through it. */
const connectionOf = ({
  remoteAddress,
  remotePort,
  localPort,
}: Pick<Socket, "remoteAddress" | "remotePort" | "localPort">) => `${remoteAddress} ${remotePort} ${localPort}`;
