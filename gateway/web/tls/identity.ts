import { X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import type { Logger } from "pino";
import { BUILT, DAY, HOUR } from "../../core/time.ts";
import { saveWhole } from "../files.ts";
import { dnsName, type Identity, isPrivate, issue, makeAuthority } from "./certificate.ts";

const RENEW_BEFORE = 30 * DAY;
const LOOK_EVERY = HOUR;

export interface IdentityParts {
  /** The data folder; keys go into `tls/` in it, readable by nobody else. */
  folder: string;
  /** Names beside the box's own. */
  names: readonly string[];
  now: number;
  say: Logger;
}

/** The box's certificate, made by its own authority; made anew when it ends soon or the box has new names. */
export async function boxIdentity(parts: IdentityParts): Promise<Identity & { ca: string }> {
  const { folder, names, say } = parts;
  const now = Math.max(parts.now, BUILT);
  const place = join(folder, "tls");
  await mkdir(place, { recursive: true, mode: 0o700 });
  const wanted = [...new Set([hostname(), `${hostname()}.local`, "localhost", ...names, ...addresses()])];
  let authority = await load(place, "ca");
  if (!authority || endsSoon(authority, now) || !permits(authority, [hostname(), ...names])) {
    authority = makeAuthority(`Vigie ${hostname()}`, [hostname(), ...names], now);
    await save(place, "ca", authority);
    say.info("web: made this box's own certificate authority; /ca.crt hands it out");
  }
  const issuer = new X509Certificate(authority.cert).subject.replace(/^CN=/, "");
  let server = await load(place, "server");
  if (
    !server ||
    endsSoon(server, now) ||
    !begun(server, now) ||
    !covers(server, wanted) ||
    !signedBy(server, authority)
  ) {
    server = issue(authority, issuer, wanted, now);
    await save(place, "server", server);
    say.info(`web: made a certificate for ${wanted.slice(0, 4).join(", ")}${wanted.length > 4 ? ", …" : ""}`);
  }
  return { cert: server.cert + authority.cert, key: server.key, ca: authority.cert };
}

/** Own certificate from the site file, as PEM. One that has ended is used all the same: machines are watched whatever browsers say. */
export async function ownIdentity(files: { cert: string; key: string }, now: number, say: Logger): Promise<Identity> {
  const cert = await readFile(files.cert, "utf8");
  const key = await readFile(files.key, "utf8");
  const until = Date.parse(new X509Certificate(cert).validTo);
  if (until < now)
    say.error(`web: ${files.cert} ended on ${new Date(until).toISOString().slice(0, 10)}: browsers refuse the page`);
  return { cert, key };
}

/**
 * Looks every hour whether there is another certificate by now (it ended soon, the box got another address, somebody put a
 * new file there) and hands it to `use`. Returns how to stop.
 */
export function keepFresh<I extends Identity>(
  first: I,
  read: () => Promise<I>,
  use: (fresh: I) => void,
  say: Logger,
): () => void {
  let known = first;
  const look = async () => {
    try {
      const fresh = await read();
      if (fresh.cert === known.cert) return;
      use(fresh);
      known = fresh;
    } catch (error) {
      // A certificate without its key yet, a disk that is full: the one from before goes on.
      say.error(`TLS: the certificate could not be renewed: ${error instanceof Error ? error.message : error}`);
    }
  };
  const timer = setInterval(look, LOOK_EVERY).unref();
  return () => clearInterval(timer);
}

/** The addresses that others reach this box by. Link-local ones change with the interface and are left out. */
const addresses = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .map(({ address }) => address)
    .filter(isPrivate)
    .filter((address) => !address.startsWith("fe80"));

const endsSoon = ({ cert }: Identity, now: number): boolean =>
  Date.parse(new X509Certificate(cert).validTo) - now <= RENEW_BEFORE;

const begun = ({ cert }: Identity, now: number): boolean => Date.parse(new X509Certificate(cert).validFrom) <= now;

const covers = ({ cert }: Identity, names: readonly string[]): boolean => {
  const x509 = new X509Certificate(cert);
  return names.every((name) => (isIP(name) ? x509.checkIP(name) : x509.checkHost(name)) !== undefined);
};

/** Whether the authority may sign for these names at all: they stand in its name constraints as they are. */
const permits = ({ cert }: Identity, names: readonly string[]): boolean => {
  const { raw } = new X509Certificate(cert);
  return names.filter((name) => isIP(name) === 0).every((name) => raw.includes(dnsName(name)));
};

const signedBy = ({ cert }: Identity, authority: Identity): boolean =>
  new X509Certificate(cert).verify(new X509Certificate(authority.cert).publicKey);

async function load(place: string, name: string): Promise<Identity | undefined> {
  const [cert, key] = [join(place, `${name}.crt`), join(place, `${name}.key`)];
  if (!existsSync(cert) || !existsSync(key)) return undefined;
  return { cert: await readFile(cert, "utf8"), key: await readFile(key, "utf8") };
}

/** Key first, then certificate, each whole or not at all: after a power cut there is the old pair or the new one, or none. */
async function save(place: string, name: string, { cert, key }: Identity): Promise<void> {
  for (const [end, text] of [
    ["key", key],
    ["crt", cert],
  ] as const)
    await saveWhole(join(place, `${name}.${end}`), text);
}
