import { readFileSync, unwatchFile, watchFile } from "node:fs";
import type { Server, Socket } from "node:net";
import { createServer, type SecureContextOptions, type TlsOptions } from "node:tls";
import type { Logger } from "pino";
import type { BrokerSettings } from "./settings.ts";

/** How often certificates and the list of revoked ones are looked at. */
const LOOK_EVERY = 2_000;

export interface BrokerIdentity {
  readonly cert: string;
  readonly key: string;
  /** Calls `use` with each certificate that takes its place; returns how to stop. */
  renewed(use: (fresh: { cert: string; key: string }) => void): () => void;
}

export interface TlsParts {
  tls: NonNullable<BrokerSettings["tls"]>;
  /** Certificate and key where the settings name none of their own. */
  identity?: BrokerIdentity;
  say: Logger;
  onSocket: (socket: Socket) => void;
  handshakeWithin: number;
}

/**
 * The handshakes of MQTT over TLS, for sockets that are given to it: it does not listen by itself. With `clients`, only those
 * come in who hold a certificate of that authority that is not revoked. Files that change are read at once; after a new list of
 * revoked certificates everybody has to show theirs again. `close` ends the looking.
 */
export function tlsServer({ tls, identity, say, onSocket, handshakeWithin }: TlsParts): Server {
  const { clients, revoked } = tls;
  let own: { cert: string; key: string } | undefined = identity;
  const context = (): SecureContextOptions => {
    const cert = tls.cert ? readFileSync(tls.cert) : own?.cert;
    const key = tls.key ? readFileSync(tls.key) : own?.key;
    if (!cert || !key) throw new Error("broker.tls: no certificate and key");
    const shown = { cert, key, minVersion: "TLSv1.2" } as const;
    return { ...shown, ...(clients && { ca: readFileSync(clients) }), ...(revoked && { crl: readFileSync(revoked) }) };
  };
  const asked: TlsOptions = clients ? { requestCert: true, rejectUnauthorized: true } : {};
  const inside = new Set<Socket>();
  const server = createServer({ ...context(), ...asked, handshakeTimeout: handshakeWithin }, (socket) => {
    inside.add(socket);
    socket.once("close", () => inside.delete(socket));
    onSocket(socket);
  });
  const renew = (what: string) => {
    try {
      server.setSecureContext(context());
    } catch (error) {
      // Half a file, a certificate whose key is still to come: what was read before goes on, and the next change is looked at.
      say.error(`broker: ${what} cannot be used, the one from before goes on: ${error}`);
      return;
    }
    say.info(`broker: ${what} has changed`);
    if (what === revoked) for (const socket of inside) socket.destroy();
  };
  const stop = [tls.cert, tls.key, clients, revoked].flatMap((file) =>
    file ? [watched(file, () => renew(file))] : [],
  );
  const renewed = identity?.renewed((fresh) => {
    own = fresh;
    renew("the certificate");
  });
  server.once("close", () => {
    for (const end of stop) end();
    renewed?.();
  });
  return server;
}

function watched(file: string, changed: () => void): () => void {
  watchFile(file, { interval: LOOK_EVERY, persistent: false }, changed);
  return () => unwatchFile(file, changed);
}
