import type { Server, ServerResponse } from "node:http";
import { createServer as createHttps, Server as HttpsServer } from "node:https";
import { createServer as createNet, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Knocks, neighbour } from "../../core/knocks.ts";
import { firstByte, HANDSHAKE } from "../../first-byte.ts";
import type { Identity } from "./certificate.ts";

// An `import` of it opens its doors to WebSocket and fetch, too: 4 MB that a gateway never needs.
const { createServer: createHttp } = process.getBuiltinModule("node:http");

/** What one client and all of them together may take. */
export const bounds = {
  body: 1024 * 1024,
  head: 16 * 1024,
  sockets: 400,
  socketsPerAddress: 100,
  requestWithin: 15_000,
  headWithin: 10_000,
  firstByteWithin: 5_000,
  lastWordsWithin: 1_000,
  /** New connections: a browser opens six and keeps them. */
  knocks: { burst: 200, perSecond: 30 },
  allKnocks: { burst: 1_000, perSecond: 200 },
} as const;

const timing = {
  maxHeaderSize: bounds.head,
  headersTimeout: bounds.headWithin,
  requestTimeout: bounds.requestWithin,
  keepAliveTimeout: 30_000,
  connectionsCheckingInterval: 1_000,
};

type Handler = Parameters<typeof createHttp>[1];

/** The HTTP server behind fastify: plain on loopback, TLS anywhere else. */
export function serverFor(identity: Identity | undefined, handler: Handler): Server {
  if (!identity) return createHttp(timing, handler);
  const server = createHttps({ ...timing, ...secrets(identity), handshakeTimeout: bounds.firstByteWithin }, handler);
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  return server;
}

const secrets = ({ cert, key }: Identity) => ({ cert, key, minVersion: "TLSv1.2" }) as const;

/** From the next connection on, `server` shows another certificate. */
export function showCertificate(server: Server, identity: Identity): void {
  if (server instanceof HttpsServer) server.setSecureContext(secrets(identity));
}

/**
 * Listens, and hands each socket to `server`. Whoever speaks plain HTTP to an HTTPS
 * port is told the right address and nothing else. Counts sockets and knocks per address, so that a flood leaves room for others.
 */
export function openDoor(server: Server, secure: boolean, host: string, port: number) {
  const guests = new Guests();
  const knocks = new Knocks(bounds.knocks, bounds.allKnocks);
  const underWay = new Set<ServerResponse>();
  server.on("request", (_request, response) => {
    underWay.add(response);
    response.once("close", () => underWay.delete(response));
  });
  const door = createNet({ noDelay: true }, (socket) => {
    const from = neighbour(socket.remoteAddress ?? "");
    socket.on("error", () => undefined);
    if (!knocks.may(from, performance.now()) || !guests.seat(socket, from)) {
      socket.destroy();
      return;
    }
    if (!secure) server.emit("connection", socket);
    else {
      firstByte(socket, bounds.firstByteWithin, (first) =>
        first === HANDSHAKE ? server.emit("connection", socket) : redirect(socket),
      );
    }
  });
  return new Promise<{ port: number; close(): Promise<void> }>((resolve, reject) => {
    door.once("error", reject);
    door.listen(port, host, () => {
      // Its time limits begin when it listens; what listens for it is the door.
      server.emit("listening");
      const address = door.address();
      const close = async () => {
        door.close();
        // What is being answered still goes out: that a new site file was saved, say.
        const answered = [...underWay].map((response) => new Promise((gone) => response.once("close", gone)));
        await Promise.race([Promise.all(answered), sleep(bounds.lastWordsWithin, undefined, { ref: false })]);
        server.closeAllConnections();
        server.close();
      };
      resolve({ port: typeof address === "object" && address ? address.port : port, close });
    });
  });
}

/** The sockets that are open, by address. */
class Guests {
  readonly #tables = new Map<string, Set<Socket>>();
  #count = 0;

  /** Finds room for one more, or says false. In a full house the address with the most gives up its oldest: several cannot keep all others out. */
  seat(socket: Socket, from: string): boolean {
    const table = this.#tables.get(from) ?? new Set();
    if (table.size >= bounds.socketsPerAddress) return false;
    if (this.#count >= bounds.sockets) {
      const fullest = [...this.#tables.values()].reduce((most, one) => (one.size > most.size ? one : most), table);
      const [oldest] = fullest;
      if (fullest.size <= table.size + 1 || !oldest) return false;
      oldest.destroy();
      this.#leave(oldest, fullest);
    }
    this.#tables.set(from, table);
    table.add(socket);
    this.#count += 1;
    socket.once("close", () => {
      this.#leave(socket, table);
      if (table.size === 0) this.#tables.delete(from);
    });
    return true;
  }

  #leave(socket: Socket, table: Set<Socket>): void {
    if (table.delete(socket)) this.#count -= 1;
  }
}

/** Answers a plain request with the address it should have used, taken from its own Host line. */
function redirect(socket: Socket): void {
  socket.setTimeout(bounds.firstByteWithin, () => socket.destroy());
  socket.once("data", (bytes: Buffer) => {
    const text = bytes.toString("latin1");
    const path = text.match(/^[A-Z]{3,7} (\/[!-~]{0,2000}) HTTP\/1\.[01]\r\n/)?.[1];
    const host = text.match(/\r\nhost: ?([A-Za-z0-9.:[\]_-]{1,255})\r\n/i)?.[1];
    if (path && host) {
      const to = `https://${host}${path}`;
      socket.end(
        `HTTP/1.1 308 Permanent Redirect\r\nLocation: ${to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
      );
    } else socket.destroy();
  });
}
