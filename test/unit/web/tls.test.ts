import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { connect } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import { afterEach, describe, expect, test, vi } from "vitest";
import { HOUR } from "../../../gateway/core/time.ts";
import { isPrivate, issue, makeAuthority } from "../../../gateway/web/tls/certificate.ts";
import { boxIdentity } from "../../../gateway/web/tls/identity.ts";
import { quiet } from "../../sim/peers/kit.ts";
import { type World, world } from "./world.ts";

const NOW = Date.now();
const folder = () => mkdtempSync(join(tmpdir(), "vigie-tls-"));
const openssl = (...args: string[]) => {
  try {
    return execFileSync("openssl", args, { encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    return error instanceof Error && "stdout" in error && "stderr" in error
      ? `${error.stdout}${error.stderr}`
      : String(error);
  }
};
const verify = (ca: string, cert: string, ...more: string[]) => {
  const at = folder();
  writeFileSync(join(at, "ca.pem"), ca);
  writeFileSync(join(at, "cert.pem"), cert);
  return openssl(
    "verify",
    "-x509_strict",
    "-purpose",
    "sslserver",
    ...more,
    "-CAfile",
    join(at, "ca.pem"),
    join(at, "cert.pem"),
  );
};

describe("the box's own certificate", () => {
  const names = ["atelier", "atelier.local", "localhost", "192.168.1.20", "fd00::12"];
  const ca = makeAuthority("Vigie atelier", ["atelier"], NOW);
  const server = issue(ca, "Vigie atelier", names, NOW);

  test.each(["atelier", "atelier.local"])("OpenSSL accepts it strictly for %s", (name) => {
    expect(verify(ca.cert, server.cert, "-verify_hostname", name)).toMatch(/: OK/);
  });

  test.each(["192.168.1.20", "fd00::12"])("and for %s", (address) => {
    expect(verify(ca.cert, server.cert, "-verify_ip", address)).toMatch(/: OK/);
  });

  test("it is refused for any other name, and by any other authority", () => {
    expect(verify(ca.cert, server.cert, "-verify_hostname", "elsewhere.local")).toMatch(/mismatch/);
    expect(verify(makeAuthority("Vigie atelier", [], NOW).cert, server.cert)).toMatch(/error/);
  });

  test("its authority cannot vouch for a site of the internet", () => {
    const stolen = issue(ca, "Vigie atelier", ["bank.example.com"], NOW);
    expect(verify(ca.cert, stolen.cert)).toMatch(/permitted subtree violation/);
    expect(verify(ca.cert, issue(ca, "Vigie atelier", ["8.8.8.8"], NOW).cert)).toMatch(/permitted subtree violation/);
    expect(["10.1.2.3", "192.168.0.9", "::1", "fd12::1"].map(isPrivate)).not.toContain(false);
    expect(["8.8.8.8", "172.32.0.1", "2001:db8::1"].map(isPrivate)).not.toContain(true);
  });

  test("it lives 397 days, the authority ten years", () => {
    const days = (pem: string) => (Date.parse(new X509Certificate(pem).validTo) - NOW) / 86_400_000;
    expect(days(server.cert)).toBeCloseTo(397, 0);
    expect(days(ca.cert)).toBeCloseTo(3_650, 0);
  });

  test("a restart keeps it, a month before its end or with a new name it is made anew, the authority stays", async () => {
    const at = folder();
    const open = (now: number, more: string[] = []) => boxIdentity({ folder: at, names: more, now, say: quiet });
    const first = await open(NOW);
    expect(await open(NOW + 1_000)).toEqual(first);
    const later = await open(NOW + 370 * 86_400_000);
    expect(later.ca).toBe(first.ca);
    expect(later.cert).not.toBe(first.cert);
    const renamed = await open(NOW, ["vigie.usine.example"]);
    expect(new X509Certificate(renamed.cert).checkHost("vigie.usine.example")).toBeDefined();
    expect(verify(renamed.ca, renamed.cert, "-verify_hostname", "vigie.usine.example")).toMatch(/: OK/);
    for (const name of ["ca.key", "server.key"]) expect(statSync(join(at, "tls", name)).mode & 0o777).toBe(0o600);
  });
});

test("a box whose clock has forgotten the date keeps the authority that phones trust, and a certificate that is good today", async () => {
  const at = folder();
  const open = (now: number) => boxIdentity({ folder: at, names: [], now, say: quiet });
  const first = await open(NOW);
  const lost = await open(0);
  expect(lost.ca).toBe(first.ca);
  expect(verify(lost.ca, lost.cert)).toMatch(/: OK/);
  expect(await open(NOW)).toEqual(lost);
});

describe("beyond this machine", () => {
  let w: World;
  afterEach(async () => {
    vi.useRealTimers();
    await w.web.close();
  });
  const port = () => Number(new URL(w.web.url).port);
  const get = (path: string, headers: Record<string, string> = {}) =>
    new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }>((resolve, reject) => {
      const ca = readFileSync(join(w.folder, "tls", "ca.crt"));
      const asked = request({ host: "127.0.0.1", port: port(), path, ca, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        );
      });
      asked.on("error", reject);
      asked.end();
    });

  test("everything is HTTPS, and a plain request is sent there", async () => {
    w = await world({ host: "0.0.0.0", open: false });
    expect(w.web.url).toMatch(/^https:/);
    expect((await get("/api/v1/site")).status).toBe(200);
    const plain = await fetch(`http://127.0.0.1:${port()}/m/T2?x=1`, { redirect: "manual" });
    expect(plain.status).toBe(308);
    expect(plain.headers.get("location")).toBe(`https://127.0.0.1:${port()}/m/T2?x=1`);
    expect((await plain.text()).length).toBe(0);
  });

  test("the cookie of a session is bound to this host and never goes out in clear, when it comes and when it goes", async () => {
    w = await world({ host: "0.0.0.0", open: false });
    const ca = readFileSync(join(w.folder, "tls", "ca.crt"));
    const ask = (method: string, path: string, body: object | undefined, cookie = "") =>
      new Promise<string>((resolve, reject) => {
        const headers = { cookie, ...(body && { "content-type": "application/json" }) };
        const options = { host: "127.0.0.1", port: port(), method, path: `/api/v1${path}`, ca, headers };
        const asked = request(options, (response) => resolve(response.resume().headers["set-cookie"]?.join() ?? ""));
        asked.on("error", reject);
        asked.end(body && JSON.stringify(body));
      });
    const setup = { code: w.web.setupCode, name: "Claire", password: "un cheval mange du foin" };
    const come = await ask("POST", "/setup", setup);
    // No Domain: browsers take a __Host- cookie only so, with this path, and over TLS.
    expect(come).toMatch(/^__Host-vigie=[\w-]{43,}; Max-Age=604800; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
    const gone = await ask("DELETE", "/session", undefined, come.split(";")[0]);
    expect(gone).toMatch(/^__Host-vigie=; Max-Age=0; Path=\/; .*HttpOnly; Secure; SameSite=Strict$/);
    // The name that it has on loopback opens nothing here.
    const again = await ask("POST", "/session", { name: setup.name, password: setup.password });
    const [, token] = /^__Host-vigie=([^;]+)/.exec(again) ?? [];
    const site = async (cookie: string) => (await get("/api/v1/points", { cookie })).status;
    expect([await site(`vigie=${token}`), await site(`__Host-vigie=${token}`)]).toEqual([401, 200]);
  });

  test("nothing older than TLS 1.2 is spoken", async () => {
    w = await world({ host: "0.0.0.0", open: false });
    const socket = tlsConnect({
      port: port(),
      host: "127.0.0.1",
      maxVersion: "TLSv1.1",
      minVersion: "TLSv1",
      rejectUnauthorized: false,
      ciphers: "ALL:@SECLEVEL=0",
    });
    const outcome = await new Promise((resolve) => {
      socket.once("secureConnect", () => resolve("in"));
      socket.once("error", () => resolve("refused"));
    });
    expect(outcome).toBe("refused");
  });

  test("a page without accounts is refused, also when the command line says the host", async () => {
    w = await world();
    const settings = { ...w.parts.settings, host: "0.0.0.0" };
    await expect(world({}, { settings })).rejects.toThrow(/this machine only/);
  });

  test("the authority is handed out as a file that phones know", async () => {
    w = await world({ host: "0.0.0.0", open: false });
    const { headers, body } = await get("/ca.crt");
    expect(headers["content-type"]).toContain("application/x-x509-ca-cert");
    expect(new X509Certificate(body).ca).toBe(true);
  });

  test("a certificate of one's own is used, with HSTS; its next one without a restart; one that has ended is better than no gateway", async () => {
    const at = folder();
    const ca = makeAuthority("Usine", [], NOW);
    const own = issue(ca, "Usine", ["localhost", "127.0.0.1"], NOW);
    writeFileSync(join(at, "cert.pem"), own.cert);
    writeFileSync(join(at, "key.pem"), own.key);
    const tls = { cert: join(at, "cert.pem"), key: join(at, "key.pem") };
    vi.useFakeTimers({ toFake: ["setInterval"] });
    w = await world({ host: "0.0.0.0", open: false, tls });
    const answer = await new Promise<NodeJS.Dict<string | string[]>>((resolve, reject) =>
      request({ host: "127.0.0.1", port: port(), path: "/api/v1/site", ca: ca.cert }, (response) =>
        resolve(response.headers),
      )
        .on("error", reject)
        .end(),
    );
    expect(answer["strict-transport-security"]).toMatch(/max-age=31536000/);
    const shown = () =>
      new Promise<string>((resolve, reject) => {
        const socket = tlsConnect({ port: port(), host: "127.0.0.1", rejectUnauthorized: false }, () => {
          resolve(socket.getPeerX509Certificate()?.serialNumber ?? "");
          socket.destroy();
        }).on("error", reject);
      });
    const serial = ({ cert }: { cert: string }) => new X509Certificate(cert).serialNumber;
    expect(await shown()).toBe(serial(own));
    const ended = issue(ca, "Usine", ["localhost"], NOW - 500 * 86_400_000);
    writeFileSync(join(at, "cert.pem"), ended.cert);
    await vi.advanceTimersByTimeAsync(HOUR);
    expect(await shown()).toBe(serial(own));
    writeFileSync(join(at, "key.pem"), ended.key);
    await vi.advanceTimersByTimeAsync(HOUR);
    await expect.poll(shown).toBe(serial(ended));
  });

  const outside = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

  test.runIf(outside)("until there is an account, nobody comes in from elsewhere, with the code neither", async () => {
    w = await world({ host: "0.0.0.0", open: false });
    const ask = (host: string, path: string, body?: object) =>
      new Promise<number>((resolve, reject) => {
        const method = body ? "POST" : "GET";
        const headers = body ? { "content-type": "application/json" } : {};
        const options = { host, port: port(), path, method, headers, rejectUnauthorized: false };
        const asked = request(options, (response) => resolve(response.resume().statusCode ?? 0));
        asked.on("error", reject);
        asked.end(body && JSON.stringify(body));
      });
    const setup = { code: w.web.setupCode, name: "Claire", password: "un cheval mange du foin" };
    expect(await ask(outside ?? "", "/api/v1/setup", setup)).toBe(403);
    expect(await ask(outside ?? "", "/api/v1/site")).toBe(403);
    expect(await ask("127.0.0.1", "/api/v1/setup", setup)).toBe(200);
    expect(await ask(outside ?? "", "/api/v1/site")).toBe(200);
  });

  test("garbage on the port is closed and nothing falls over", async () => {
    w = await world({ host: "0.0.0.0", open: false });
    for (const bytes of [[0], [22, 3, 1, 0xff, 0xff, 1, 2, 3], [...Buffer.from("GET\r\n\r\n")]]) {
      const socket = connect(port(), "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write(Buffer.from(bytes));
      socket.end();
      socket.resume();
      await new Promise((closed) => socket.once("close", closed));
    }
    expect((await get("/api/v1/site")).status).toBe(200);
  });
});
