import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { ask } from "../ask.ts";
import { fromHere } from "../core/address.ts";
import { DAY } from "../core/time.ts";
import { bad, type Check, ok } from "./checks.ts";

interface Place {
  host: string;
  port: number;
}

/** Whether something (us, if we run) answers on a port, or whether it is free. */
export async function checkPort(name: string, place: Place, running: boolean): Promise<Check> {
  const { port } = place;
  const host = fromHere(place.host);
  const answers = await reachable(host, port);
  if (running && answers) return ok(`${name} : le port ${port} répond`, `${name}: port ${port} answers`);
  if (!running && (await bindable(host, port)))
    return ok(`${name} : le port ${port} est libre`, `${name}: port ${port} is free`);
  if (running)
    return bad(
      `${name} : le port ${port} ne répond pas`,
      `${name}: port ${port} does not answer`,
      "Voyez journalctl -u vigie.",
      "See journalctl -u vigie.",
    );
  return bad(
    `${name} : le port ${port} est pris par un autre programme`,
    `${name}: port ${port} is taken by another program`,
    "Changez-le dans le fichier de site, ou arrêtez l'autre (ss -ltnp).",
    "Change it in the site file, or stop the other one (ss -ltnp).",
  );
}

/** A server somewhere else: broker or database. */
export async function checkServer(name: string, address: string): Promise<Check> {
  if (!URL.canParse(address))
    return bad(
      `${name} : « url » n'est pas une adresse`,
      `${name}: \`url\` is no address`,
      "Corrigez-la dans le fichier de site.",
      "Mend it in the site file.",
    );
  const url = new URL(address);
  const usual: Record<string, number> = { "mqtt:": 1883, "mqtts:": 8883, "http:": 80, "https:": 443 };
  const port = Number(url.port) || usual[url.protocol] || 0;
  if (await reachable(url.hostname, port)) return ok(`${name} : ${url.host} répond`, `${name}: ${url.host} answers`);
  return {
    state: "warn",
    text: { fr: `${name} : ${url.host} ne répond pas`, en: `${name}: ${url.host} does not answer` },
    advice: {
      fr: "Les mesures l'attendent ici, rien n'est perdu. Vérifiez le réseau et le serveur.",
      en: "Readings wait for it here, nothing is lost. Check the network and the server.",
    },
  };
}

export interface Influx {
  url: string;
  token: string;
  org: string;
  bucket: string;
  ca?: string | undefined;
}

/** InfluxDB: whether it is there and would take readings, asked by writing none. */
export async function checkInflux(name: string, influx: Influx): Promise<Check> {
  const status = await writeNothing(influx).catch(() => undefined);
  if (status === 401 || status === 403)
    return bad(
      `${name} : InfluxDB refuse le jeton (${status})`,
      `${name}: InfluxDB refuses the token (${status})`,
      `Donnez-lui un jeton qui peut écrire dans « ${influx.bucket} », dans /etc/vigie/secrets.env, puis « systemctl restart vigie ». D'ici là les mesures attendent.`,
      `Give it a token that may write to "${influx.bucket}", in /etc/vigie/secrets.env, then "systemctl restart vigie". Until then readings wait.`,
    );
  if (status === 404)
    return bad(
      `${name} : InfluxDB ne connaît pas « ${influx.bucket} »`,
      `${name}: InfluxDB does not know "${influx.bucket}"`,
      "Créez ce bucket, ou corrigez bucket et org dans le fichier de site. D'ici là les mesures attendent.",
      "Make that bucket, or mend bucket and org in the site file. Until then readings wait.",
    );
  return checkServer(name, influx.url);
}

/** The status of the answer to a write of no readings at all. */
async function writeNothing({ url, token, org, bucket, ca }: Influx): Promise<number> {
  const address = new URL(`${url.replace(/\/$/, "")}/api/v2/write`);
  address.search = new URLSearchParams({ org, bucket, precision: "ms" }).toString();
  const headers = { authorization: `Token ${token}`, "content-type": "text/plain" };
  const trusted = ca === undefined ? undefined : await readFile(ca, "utf8");
  const { status } = await ask(address, { method: "POST", headers, timeout: 4_000, ca: trusted });
  return status;
}

/** How long a certificate lasts. The box's own is made anew 30 days before its end. */
export async function checkCertificate(file: string, now: number): Promise<Check> {
  const pem = await readFile(file, "utf8").catch(() => undefined);
  if (pem === undefined) return ok(`Certificat ${file} : à root seul`, `Certificate ${file}: not ours to read`);
  let ends: number;
  try {
    ends = Date.parse(new X509Certificate(pem).validTo);
  } catch {
    return bad(
      `Certificat ${file} : illisible`,
      `Certificate ${file}: cannot be read as one`,
      "Remettez un fichier PEM entier.",
      "Put a whole PEM file there.",
    );
  }
  const days = Math.floor((ends - now) / DAY);
  const until = new Date(ends).toISOString().slice(0, 10);
  const text = { fr: `Certificat ${file} : jusqu'au ${until}`, en: `Certificate ${file}: until ${until}` };
  if (days > 30) return { state: "ok", text };
  return {
    state: days < 0 ? "bad" : "warn",
    text,
    advice: {
      fr: "Celui de Vigie se refait tout seul, à condition qu'elle tourne. Le vôtre, demandez-le à qui l'a signé.",
      en: "Vigie's own is made anew by itself, as long as it runs. Yours: ask whoever signed it.",
    },
  };
}

function reachable(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2_000 });
    const answer = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket.once("connect", () => answer(true));
    socket.once("error", () => answer(false));
    socket.once("timeout", () => answer(false));
  });
}

function bindable(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
