import { readFileSync, unwatchFile, watchFile } from "node:fs";
import type { Server, Socket } from "node:net";
import { createServer, type SecureContextOptions, type TlsOptions } from "node:tls";
import type { Logger } from "pino";
import type { BrokerSettings } from "./settings.ts";

/** How often the list of revoked certificates is looked at. */
const LOOK_EVERY = 2_000;

export interface TlsParts {
  tls: NonNullable<BrokerSettings["tls"]>;
  /** Certificate and key where the settings name none of their own. */
  identity?: { cert: string; key: string };
  say: Logger;
  onSocket: (socket: Socket) => void;
  handshakeWithin: number;
}

/**
 * MQTT over TLS. With `clients`, only those come in who hold a certificate of that authority that is not revoked: a list that
 * changes is read at once, and everybody has to show their certificate again.
 */
export function tlsServer({ tls, identity, say, onSocket, handshakeWithin }: TlsParts): Server {
  const cert = tls.cert ? readFileSync(tls.cert) : identity?.cert;
  const key = tls.key ? readFileSync(tls.key) : identity?.key;
  if (!cert || !key) throw new Error("broker.tls: no certificate and key");
  const { clients, revoked } = tls;
  const proof: SecureContextOptions = {
    cert,
    key,
    minVersion: "TLSv1.2",
    ...(clients && { ca: readFileSync(clients) }),
  };
  const asked: TlsOptions = clients ? { requestCert: true, rejectUnauthorized: true } : {};
  if (!revoked) return createServer({ ...proof, ...asked, handshakeTimeout: handshakeWithin }, onSocket);

  const inside = new Set<Socket>();
  const withList = () => ({ ...proof, crl: readFileSync(revoked) });
  const server = createServer({ ...withList(), ...asked, handshakeTimeout: handshakeWithin }, (socket) => {
    inside.add(socket);
    socket.once("close", () => inside.delete(socket));
    onSocket(socket);
  });
  const renew = () => {
    try {
      server.setSecureContext(withList());
    } catch (error) {
      // Half a file, or none: the list from before goes on, and the next look tries again.
      say.error(`broker: ${revoked} cannot be read as a list of revoked certificates: ${error}`);
      return;
    }
    say.info(`broker: ${revoked} has changed; everybody shows their certificate again`);
    for (const socket of inside) socket.destroy();
  };
  watchFile(revoked, { interval: LOOK_EVERY, persistent: false }, renew);
  server.once("close", () => unwatchFile(revoked, renew));
  return server;
}
