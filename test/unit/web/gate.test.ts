import { mkdtempSync } from "node:fs";
import { get as httpGet } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { roles } from "../../../gateway/core/api.ts";
import { may } from "../../../gateway/web/access/roles.ts";
import { entry, reading } from "../../sim/peers/kit.ts";
import { furniture, listen, type World, world } from "./world.ts";

let w: World;
afterEach(() => w.web.close());

const raw = (path: string, headers: Record<string, string>, method = "GET") =>
  new Promise<{ status: number; headers: NodeJS.Dict<string | string[]> }>((resolve, reject) => {
    const asked = httpGet(`${w.web.url}${path}`, { headers, method }, (response) => {
      response.destroy();
      resolve({ status: response.statusCode ?? 0, headers: response.headers });
    });
    asked.on("error", reject);
  });

describe("who is meant, and where a request comes from", () => {
  beforeEach(async () => {
    w = await world({ names: ["vigie.usine.example"] });
  });

  test.each([
    ["localhost", 200],
    ["127.0.0.1:8080", 200],
    ["[::1]:8080", 200],
    ["vigie.usine.example:8080", 200],
    ["evil.example", 421],
    ["127.0.0.1.evil.example", 421],
  ])("Host: %s: %i", async (host, status) => {
    expect((await raw("/api/v1/site", { host })).status).toBe(status);
  });

  test.each([
    [{ origin: "http://evil.example" }, 403],
    [{ origin: "null" }, 403],
    [{ "sec-fetch-site": "cross-site" }, 403],
    [{ "sec-fetch-site": "same-site" }, 403],
    [{ "sec-fetch-site": "same-origin", origin: "http://localhost" }, 404],
    [{}, 404],
  ])("a write with %o: %i", async (headers, status) => {
    expect((await raw("/api/v1/alarms/none/ack", { host: "localhost", ...headers }, "POST")).status).toBe(status);
  });

  test("a live stream is not opened for another site", async () => {
    expect((await raw("/api/v1/events", { host: "localhost", origin: "http://evil.example" })).status).toBe(403);
  });

  test("no other site is ever allowed to read an answer", async () => {
    const { headers } = await raw("/api/v1/points", { host: "localhost", origin: "http://evil.example" });
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  test("every answer forbids inline scripts, frames, sniffing and referrers", async () => {
    for (const path of ["/", "/api/v1/site", "/api/v1/nothing", "/api/docs"]) {
      const { headers } = await raw(path, { host: "localhost" });
      const policy = String(headers["content-security-policy"]);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain("unsafe");
      expect(headers["x-content-type-options"]).toBe("nosniff");
      expect(headers["referrer-policy"]).toBe("no-referrer");
    }
  });

  test("nothing is changed by a GET", () => {
    const changing = w.web.routes.filter(
      ({ method, url }) => method === "GET" && /\/(ack|shelve|reset|setup|test|drill)$/.test(url),
    );
    expect(changing).toEqual([]);
  });

  test("a body of 2 MB is refused, a header of 40 kB too", async () => {
    const big = await fetch(w.api("/alarms/a/ack"), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ comment: "x".repeat(2 ** 21) }),
    });
    expect(big.status).toBe(413);
    expect((await raw("/api/v1/site", { host: "localhost", x: "y".repeat(40_000) })).status).toBe(431);
  });

  test("no odd body gets further than the schema, and no answer shows our insides", async () => {
    const odd = fc.oneof(
      fc.json(),
      fc.string(),
      fc.constant('{"__proto__":{"admin":true},"reason":"x"}'),
      fc.constant('{"constructor":{"prototype":{"admin":true}}}'),
      fc.constant('{"comment":"x","extra":1}'),
    );
    await fc.assert(
      fc.asyncProperty(odd, async (body) => {
        const answer = await fetch(w.api("/alarms/a/shelve"), {
          method: "POST",
          headers: { "content-type": "application/json" },
          body,
        });
        expect([400, 404]).toContain(answer.status);
        const text = await answer.text();
        expect(text).not.toMatch(/node_modules|gateway\/|\.ts:/);
        expect(({} as Record<string, unknown>).admin).toBeUndefined();
      }),
      { numRuns: 200 },
    );
    expect(w.alarms.acts).toEqual([]);
  });

  test("names with markup travel as text, in JSON and in events", async () => {
    const response = await fetch(w.api("/machines"));
    expect(response.headers.get("content-type")).toContain("application/json");
    expect(await response.text()).toContain("Scie <img src=x onerror=alert(1)>");
    await w.web.live.apply([entry(1, reading("tour-2/temp", 1))], "live");
    const page = listen(w.api("/events"));
    await expect.poll(() => page.of("points").length).toBeGreaterThan(0);
    page.stop();
  });
});

describe("every route for every role", () => {
  test("a stranger and each role get exactly what the route says", async () => {
    const folder = mkdtempSync(join(tmpdir(), "vigie-web-"));
    w = await world({ open: false }, { ...furniture(folder), folder });
    const password = "un cheval mange du foin";
    const cookie = new Map<string, string>();
    const call = async (method: string, url: string, who: string, body?: unknown) => {
      const response = await fetch(`${w.web.url}${url}`, {
        method,
        headers: { cookie: cookie.get(who) ?? "", ...(body !== undefined && { "content-type": "application/json" }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const set = response.headers.get("set-cookie")?.split(";")[0];
      const text = url.endsWith("/events") ? "" : await response.text();
      await response.body?.cancel().catch(() => undefined);
      return { status: response.status, set, text };
    };
    const enter = async (who: string, url: string, body: unknown) =>
      cookie.set(who, (await call("POST", `/api/v1${url}`, who, body)).set ?? "");
    await enter("admin", "/setup", { code: w.web.setupCode, name: "admin-claire", password });
    for (const role of ["viewer", "maintenance", "integrator"]) {
      expect((await call("POST", "/api/v1/users", "admin", { name: `p-${role}`, role, password })).status).toBe(201);
      await enter(role, "/session", { name: `p-${role}`, password });
    }
    const { text } = await call("POST", "/api/v1/walls", "admin", { name: "hall" });
    await enter("wall", "/session/wall", { token: JSON.parse(text).token });

    const harmless = w.web.routes.filter(({ method, url }) => !(method === "DELETE" && /sessions?$/.test(url)));
    expect(harmless.length).toBeGreaterThan(70);
    // What the newest pages ask is in the matrix too, not only what was there first.
    const urls = new Set(harmless.map(({ url }) => url.slice("/api/v1".length)));
    for (const url of ["/look", "/decode", "/backtest", "/logs", "/restore/:id", "/waterfall", "/buses/:driver"])
      expect(urls, url).toContain(url);
    for (const { method, url, need } of harmless) {
      if (method === "HEAD" || need === "anyone") continue;
      const path = url.replace(/:\w+/g, "nothing").replace("*", "");
      for (const who of ["stranger", ...roles]) {
        const role = roles.find((r) => r === who);
        const { status } = await call(method, path, who, method === "GET" || method === "DELETE" ? undefined : {});
        const refused = status === 401 || (status === 403 && !(role && may(role, need)));
        expect(`${method} ${url} as ${who}: ${refused}`).toBe(
          `${method} ${url} as ${who}: ${!(role && may(role, need))}`,
        );
      }
    }
  }, 60_000);
});
