import { createDecipheriv, createECDH, createPublicKey, type ECDH, hkdfSync, randomBytes, verify } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { PushSubscriptionKeys } from "../../gateway/core/notice.ts";

/** A message as the browser opened it, and what came with it. */
export interface Pushed {
  browser: string;
  payload: Record<string, unknown>;
  headers: IncomingHttpHeaders;
  /** The claims of the sender's token, once its signature was found right. */
  claims: { aud: string; exp: number; sub: string };
}

/**
 * A push service and the browsers behind it: checks who sends (VAPID, RFC 8292), and opens what came with the browser's own
 * keys (RFC 8291 over RFC 8188), sharing nothing with the code that closed it.
 */
export class PushService {
  readonly got: Pushed[] = [];
  /** Answers of the next requests; then 201. */
  readonly answers: number[] = [];
  readonly problems: string[] = [];
  /** What browsers were told is the sender's key. */
  senderKey = "";
  readonly #browsers = new Map<string, { ecdh: ECDH; auth: Buffer }>();
  readonly #http: Server;

  private constructor(http: Server) {
    this.#http = http;
    http.on("request", (request, response) => {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => pieces.push(piece));
      request.on("end", () => {
        const status = this.answers.shift() ?? this.#take(request.url ?? "", request.headers, Buffer.concat(pieces));
        response.writeHead(status).end();
      });
    });
  }

  static async open(): Promise<PushService> {
    const http = createServer();
    await new Promise<void>((ready) => http.listen(0, "127.0.0.1", ready));
    return new PushService(http);
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#http.closeAllConnections();
    this.#http.close();
  }

  /** A browser that asks for an address of its own. */
  browser(name: string): PushSubscriptionKeys {
    const ecdh = createECDH("prime256v1");
    const key = ecdh.generateKeys();
    const auth = randomBytes(16);
    this.#browsers.set(`/${name}`, { ecdh, auth });
    const keys = { p256dh: key.toString("base64url"), auth: auth.toString("base64url") };
    return { endpoint: `${this.origin}/${name}`, keys };
  }

  #take(path: string, headers: IncomingHttpHeaders, body: Buffer): number {
    try {
      const browser = this.#browsers.get(path);
      if (!browser) return 410;
      const claims = this.#sender(headers.authorization ?? "");
      if (headers["content-encoding"] !== "aes128gcm") throw new Error(`encoding ${headers["content-encoding"]}`);
      if (body.length > 4_096) throw new Error(`${body.length} bytes are too many`);
      const payload = JSON.parse(opened(body, browser.ecdh, browser.auth));
      this.got.push({ browser: path.slice(1), payload, headers, claims });
      return 201;
    } catch (problem) {
      this.problems.push(String(problem));
      return 400;
    }
  }

  /** `vapid t=<token>, k=<key>`: an ES256 token for this very origin, signed by that key. */
  #sender(authorization: string): Pushed["claims"] {
    const [, token = "", key = ""] = /^vapid t=([^,]+), k=(.+)$/.exec(authorization) ?? [];
    if (key !== this.senderKey) throw new Error("another key than the browser was told");
    const [head = "", body = "", signature = ""] = token.split(".");
    const point = Buffer.from(key, "base64url");
    const half = (from: number, to: number) => point.subarray(from, to).toString("base64url");
    const jwk = { kty: "EC", crv: "P-256", x: half(1, 33), y: half(33, 65) };
    const right = verify(
      "sha256",
      Buffer.from(`${head}.${body}`),
      { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" },
      Buffer.from(signature, "base64url"),
    );
    if (!right) throw new Error("the signature is wrong");
    const claims = JSON.parse(Buffer.from(body, "base64url").toString());
    if (claims.aud !== this.origin) throw new Error(`a token for ${claims.aud}`);
    const left = claims.exp - Date.now() / 1_000;
    if (!(left > 0 && left <= 86_400)) throw new Error("a token that is over, or lasts too long");
    return claims;
  }
}

/** RFC 8291: the content key from both key pairs and the secret; RFC 8188: one record, closed by a 2. */
function opened(body: Buffer, ecdh: ECDH, auth: Buffer): string {
  const salt = body.subarray(0, 16);
  const idLength = body.readUInt8(20);
  const sender = body.subarray(21, 21 + idLength);
  const info = Buffer.concat([Buffer.from("WebPush: info\0"), ecdh.getPublicKey(), sender]);
  const ikm = Buffer.from(hkdfSync("sha256", ecdh.computeSecret(sender), auth, info, 32));
  const key = Buffer.from(hkdfSync("sha256", ikm, salt, Buffer.from("Content-Encoding: aes128gcm\0"), 16));
  const nonce = Buffer.from(hkdfSync("sha256", ikm, salt, Buffer.from("Content-Encoding: nonce\0"), 12));
  const record = body.subarray(21 + idLength);
  const decipher = createDecipheriv("aes-128-gcm", key, nonce);
  decipher.setAuthTag(record.subarray(record.length - 16));
  const plain = Buffer.concat([decipher.update(record.subarray(0, record.length - 16)), decipher.final()]);
  const end = plain.lastIndexOf(2);
  if (end < 0) throw new Error("no last record");
  return plain.subarray(0, end).toString();
}
