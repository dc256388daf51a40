import { mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { auditEnd } from "../../../gateway/core/log.ts";
import { type JsonSchema, objectsIn, sample } from "./sample.ts";
import { anAlarm, furniture, restored, timesSet, type World, world } from "./world.ts";

let w: World;
beforeEach(async () => {
  const folder = mkdtempSync(join(tmpdir(), "vigie-web-"));
  w = await world({}, { ...furniture(folder), folder });
  w.alarms.all.set("a1", anAlarm("a1"));
});
afterEach(() => w.web.close());

interface Said {
  status: number;
  text: string;
}

/** Like fetch, which does not let a program say where a request comes from. A live stream is left as soon as it has begun. */
const ask = (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
  new Promise<Said>((resolve, reject) => {
    const type = body === undefined ? {} : { "content-type": "application/json" };
    const asked = request(`${w.web.url}${path}`, { method, headers: { ...type, ...headers } }, (response) => {
      const status = response.statusCode ?? 0;
      if (response.headers["content-type"]?.startsWith("text/event-stream")) {
        response.destroy();
        return resolve({ status, text: "" });
      }
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status, text }));
    });
    asked.on("error", reject);
    asked.end(body);
  });

/** What stands for the parts of an address: things that are there. */
const real: Readonly<Record<string, string>> = {
  id: "a1",
  machine: "tour-2",
  driver: "ligne-1",
  rota: "nuit",
  token: "right",
};
const pathOf = (url: string) => url.replace(/:(\w+)/g, (_, name: string) => real[name] ?? "tour-2").replace("*", "");

/** What no schema says. */
const known: Readonly<Record<string, object>> = {
  "/api/v1/mqtt/clients": { kind: "reader" },
};

const changing = () => w.web.routes.filter(({ method }) => method !== "GET" && method !== "HEAD");

/** One that no schema takes: this request changes nothing where it is let through. */
const bodyFor = (method: string) => (method === "DELETE" ? undefined : '{"zz":1}');

test("no route that changes anything listens to a page of another site, or to one that does not say which it is", async () => {
  expect(changing().length).toBeGreaterThan(35);
  const foreign = [
    { origin: "http://evil.example" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ];
  for (const { method, url } of changing()) {
    for (const headers of foreign) {
      const { status, text } = await ask(method, pathOf(url), headers, bodyFor(method));
      expect(`${method} ${url} ${status} ${text}`).toMatch(/ 403 .*foreign-origin/);
    }
    const own = await ask(method, pathOf(url), { origin: w.web.url, "sec-fetch-site": "same-origin" }, bodyFor(method));
    expect(`${method} ${url} ${own.text}`).not.toContain("foreign-origin");
  }
});

interface Described {
  parameters?: { in: string; name: string; required?: boolean; schema: JsonSchema }[];
  requestBody?: { content: Record<string, { schema: JsonSchema }> };
}

/** What `/api/docs` says of the routes under `/api/v1`. */
async function described(): Promise<{ method: string; url: string; what: Described }[]> {
  const document: { paths: Record<string, Record<string, Described>> } = JSON.parse(
    (await ask("GET", "/api/docs")).text,
  );
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, what]) => ({
      method: method.toUpperCase(),
      url: path.replace(/\{(\w+)\}/g, ":$1"),
      what,
    })),
  );
}

/** Everything that is kept: cells, files, alarms, and what the world was told to do. The list of who did what may grow by reading. */
const kept = () =>
  JSON.stringify([
    JSON.parse(w.cells.dump()).filter(([kind]: [string]) => kind !== auditEnd.kind),
    w.alarms.acts,
    w.parts.office?.maintenance(),
    w.parts.broker?.list(),
    [timesSet, restored],
    readdirSync(w.folder, { recursive: true, encoding: "utf8" })
      .filter((name) => !name.startsWith("audit") && statSync(join(w.folder, name)).isFile())
      .sort()
      .map((name) => [name, readFileSync(join(w.folder, name), "latin1")]),
  ]);

test("whatever is asked with GET, nothing has changed afterwards", async () => {
  const queries = new Map(
    (await described()).map(({ method, url, what }) => [
      `${method} ${url}`,
      new URLSearchParams(
        (what.parameters ?? [])
          .filter((one) => one.in === "query" && one.required)
          .map(({ name, schema }) => [name, name === "point" ? "tour-2/temp" : String(sample(schema))]),
      ).toString(),
    ]),
  );
  const before = kept();
  const looks = w.web.routes.filter(({ method }) => method === "GET");
  const answered: string[] = [];
  for (const { url } of looks) {
    const { status } = await ask("GET", `${pathOf(url)}?${queries.get(`GET ${url}`) ?? ""}`);
    if (status < 300) answered.push(url);
    // What was written to be handed out (a backup) goes when it has gone out.
    await expect.poll(kept, { message: url }).toBe(before);
  }
  // Those that were refused for want of something have not shown anything.
  expect(answered.length).toBeGreaterThan(35);
});

describe("every body of a request", () => {
  test("is taken as it is described, and refused with one key more, wherever that stands and whatever it is called", async () => {
    const routes = (await described()).flatMap(({ method, url, what }) => {
      const schema = what.requestBody?.content["application/json"]?.schema;
      return schema ? [{ method, url, body: { ...sample(schema), ...known[url] } }] : [];
    });
    expect(routes.length).toBeGreaterThan(25);
    const odd = fc.constantFrom("__proto__", "constructor", "prototype", "toString", "valueOf", "hasOwnProperty");
    const keys = fc.oneof(
      odd,
      fc.string({ minLength: 1, maxLength: 20 }).map((word) => `zz${word}`),
    );
    const values = fc.oneof(
      fc.constant({ polluted: true }),
      fc.constant({ prototype: { polluted: true } }),
      fc.json().map((text) => JSON.parse(text)),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(routes.length - 1), fc.nat(20), keys, values, async (which, where, key, value) => {
        const { method, url, body } = routes[which] ?? { method: "", url: "", body: {} };
        const copy = structuredClone(body);
        const places = objectsIn(copy);
        // As an own key, which an assignment to `__proto__` would not make.
        Object.defineProperty(places[where % places.length], key, { value, enumerable: true });
        const { status, text } = await ask(method, pathOf(url), {}, JSON.stringify(copy));
        expect(`${method} ${url} ${JSON.stringify(copy)} ${status}`).toMatch(/ 400$/);
        expect(text).not.toMatch(/node_modules|gateway\/|\.ts:/);
        expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
      }),
      { numRuns: 400 },
    );
    for (const { method, url, body } of routes) {
      const { status, text } = await ask(method, pathOf(url), {}, JSON.stringify(body));
      // Otherwise it was refused for something else above.
      expect(`${method} ${url} ${status} ${text}`).not.toMatch(/"where":"body|Unrecognized/);
      expect(status, url).toBeLessThan(500);
    }
  });
});
