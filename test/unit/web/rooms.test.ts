import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Burst } from "../../../gateway/core/burst.ts";
import { sameText } from "../../../gateway/core/text.ts";
import { epochMs } from "../../../gateway/core/time.ts";
import { cell } from "../../../gateway/web/routes/export.ts";
import type { MemoryLog } from "../../sim/peers/memory-log.ts";
import { furniture, siteFile, timesSet, type World, world } from "./world.ts";

let w: World;
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "vigie-web-"));
  w = await world({}, { ...furniture(folder), folder });
});
afterEach(() => w.web.close());

const ask = async (method: string, path: string, body?: unknown) => {
  const response = await fetch(
    path.startsWith("/api") || path.startsWith("/ack") ? `${w.web.url}${path}` : w.api(path),
    {
      method,
      ...(body !== undefined && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    },
  );
  const text = await response.text();
  const json = response.headers.get("content-type")?.includes("json") ? JSON.parse(text) : undefined;
  return { status: response.status, text, json, headers: response.headers };
};

describe("the logbook", () => {
  const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, ...Buffer.from("a photo of a bearing")]);
  const send = (body: Buffer, type = "image/jpeg") =>
    fetch(w.api("/photos"), { method: "POST", headers: { "content-type": type }, body: new Uint8Array(body) });

  test("a note with a photo stands in the machine's logbook, newest first", async () => {
    const { photo } = (await (await send(jpeg)).json()) as { photo: string };
    await ask("POST", "/machines/tour-2/notes", { text: "Graissé" });
    const made = await ask("POST", "/machines/tour-2/notes", { text: "Bruit <b>fort</b>", kind: "problem", photo });
    expect(made.status).toBe(201);
    const { json } = await ask("GET", "/machines/tour-2/notes");
    expect(json).toMatchObject([
      { text: "Bruit <b>fort</b>", kind: "problem", photo, by: "local" },
      { text: "Graissé" },
    ]);
    const shown = await fetch(w.api(`/photos/${photo}`));
    expect(shown.headers.get("content-type")).toBe("image/jpeg");
    expect(Buffer.from(await shown.arrayBuffer())).toEqual(jpeg);
  });

  test("what is no image is refused whatever it is called, and no path leaves the folder", async () => {
    expect((await send(Buffer.from("<script>alert(1)</script>"))).status).toBe(415);
    expect((await send(Buffer.alloc(7 * 2 ** 20), "image/png")).status).toBe(413);
    for (const id of ["..%2f..%2fetc%2fpasswd", "%2e%2e/gateway.yaml", "x"])
      expect((await ask("GET", `/photos/${id}`)).status).toBeGreaterThanOrEqual(400);
  });

  test("there is no way to change or remove a note", () => {
    const ways = w.web.routes.filter(
      ({ url, method }) => url.includes("notes") && !["GET", "HEAD", "POST"].includes(method),
    );
    expect(ways).toEqual([]);
  });
});

describe("export", () => {
  test("in French as a French spreadsheet opens it: semicolons, decimal commas, local time", async () => {
    const { text, headers } = await ask("GET", "/export.csv?point=tour-2/temp&from=1774749598000&to=1774749602000");
    expect(headers.get("content-disposition")).toContain("tour-2-temp.csv");
    expect(text.split("\r\n").slice(0, 3)).toEqual([
      "heure;epoch_ms;mesure;valeur;unité;cause",
      "2026-03-29 03:59:58;1774749598000;tour-2/temp;;°C;",
      "2026-03-29 03:59:59;1774749599000;tour-2/temp;1,5;°C;",
    ]);
  });

  test.each([
    ["=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"],
    ["+1", "'+1"],
    ["@x", "'@x"],
    ["plain", "plain"],
    ['a;"b"', '"a;""b"""'],
    ["-a\nb", '"\'-a\nb"'],
  ])("%j is written %j, so that no spreadsheet computes it", (text, expected) =>
    expect(cell(text, ";")).toBe(expected));

  test("other programs get line protocol or JSON, row by row", async () => {
    const range = "from=1774749598000&to=1774749602000";
    const lines = await ask("GET", `/export?point=tour-2/temp&${range}&format=line-protocol`);
    expect(lines.text).toContain(
      'reading,machine=tour-2,signal=temp,unit=Cel value=1.5,quality="good" 1774749599000000000\n',
    );
    const { json: samples } = await ask("GET", `/export?point=tour-2/temp&${range}&format=json`);
    expect(samples.length).toBe(lines.text.trim().split("\n").length);
    expect((await ask("GET", "/export?point=tour-2/temp&format=xlsx")).status).toBe(400);
  });

  test("a point that does not exist is named", async () => {
    expect((await ask("GET", "/export.csv?point=tour-2/none")).status).toBe(404);
  });
});

describe("the site file", () => {
  test("an edit keeps comments and order, and saves nothing", async () => {
    const device = { id: "compteur-2", profile: "eastron-sdm120", slave: 1, every: "1s" };
    const { json } = await ask("POST", "/config/edit", {
      edits: [{ path: ["drivers", 0, "devices"], value: device, add: true }],
    });
    expect(json.text).toContain("# The lathe hall");
    expect(json.text).toContain("# not the office");
    expect(json.text).toContain("# the long cable");
    expect(json.text).toContain("eastron-sdm120");
    expect(readFileSync(join(folder, "gateway.yaml"), "utf8")).toBe(siteFile);
    expect((await ask("POST", "/config/edit", { edits: [{ path: ["site", "id", "x"], value: 1 }] })).status).toBe(422);
  });

  test("a save is whole, keeps the one before, and is refused when wrong or when somebody else was quicker", async () => {
    const { revision } = (await ask("GET", "/config")).json;
    expect((await ask("PUT", "/config", { text: "wrong", revision })).status).toBe(422);
    const text = siteFile.replace("ligne-1", "ligne-9");
    expect((await ask("PUT", "/config", { text, revision })).status).toBe(200);
    expect(readFileSync(join(folder, "gateway.yaml"), "utf8")).toBe(text);
    expect(readFileSync(join(folder, "gateway.yaml.before"), "utf8")).toBe(siteFile);
    expect((await ask("PUT", "/config", { text: siteFile, revision })).status).toBe(409);
    expect(readdirSync(folder).filter((name) => name.endsWith(".new"))).toEqual([]);
  });

  test("a file that does not start gives way to the one before", async () => {
    await w.web.close();
    const tried: string[] = [];
    const file = join(folder, "gateway.yaml");
    const apply = async () => {
      tried.push(readFileSync(file, "utf8"));
      if (tried.length === 1) throw new Error("port 502 is taken");
    };
    w = await world(
      {},
      { ...furniture(folder), folder, config: { file, check: async () => ({ problems: [], report: [] }), apply } },
    );
    const { revision } = (await ask("GET", "/config")).json;
    const answer = await ask("PUT", "/config", { text: "site: {}\n", revision });
    expect(answer).toMatchObject({ status: 422, json: { error: "did-not-start" } });
    expect(tried).toEqual(["site: {}\n", siteFile]);
    expect(readFileSync(file, "utf8")).toBe(siteFile);
  });
});

describe("the rest of the box", () => {
  test("spectra are newest first, of the point asked for, with no more lines than asked for", async () => {
    const bursts = w.parts.bursts as MemoryLog<Burst>;
    const burst = (t: number, id = "tour-2/spindle_z" as const): Burst => ({
      point: id,
      t: epochMs(t),
      rate: 1_000,
      samples: Float32Array.from({ length: 100 }, (_, i) => (i === 50 ? 2 : 1)),
      clipped: false,
    });
    await bursts.append([burst(1), burst(2), { ...burst(3), point: "tour-2/other" }, burst(4)]);
    const { json } = await ask("GET", "/spectra?point=tour-2/spindle_z&limit=2&bins=20");
    expect(json.map((s: { t: number }) => s.t)).toEqual([4, 2]);
    expect(json[0]).toMatchObject({ samples: 100, step: 50 });
    expect(json[0].amplitude).toHaveLength(20);
    expect(Math.max(...json[0].amplitude)).toBe(2);
    expect((await ask("GET", "/spectra?point=tour-2/spindle_z&to=3&limit=9")).json).toHaveLength(2);
  });

  test("a person tells the time to a box that nobody else tells it; a time before this program was written is refused", async () => {
    expect((await ask("GET", "/system")).json).toMatchObject({ clock: { quality: "unsynced" } });
    expect((await ask("POST", "/time", { now: 0 })).status).toBe(400);
    expect(timesSet).toEqual([]);
    const now = Date.UTC(2026, 10, 23);
    expect((await ask("POST", "/time", { now })).json).toMatchObject({ quality: "synced" });
    expect(timesSet).toMatchObject([{ now }]);
    const said = { who: "local", what: "time-set", detail: "2023-11-14T22:13:20.000Z → 2026-11-23T00:00:00.000Z" };
    expect((await ask("GET", "/audit")).json[0]).toMatchObject(said);
  });

  test("the system says its disk, clock, queues and versions; the backup leaves nothing behind", async () => {
    const { json } = await ask("GET", "/system");
    expect(json).toMatchObject({ version: "0.1.0", queues: { influx: 3 }, log: "ok" });
    expect(json.disk.free).toBeGreaterThan(0);
    const { text, headers } = await ask("GET", "/backup");
    expect(text).toBe("copy");
    expect(headers.get("content-disposition")).toContain("vigie-nord-");
    await expect.poll(() => readdirSync(join(folder, "tmp"))).toEqual([]);
  });

  test("a broker client is made with a password shown once, listed without, and revoked", async () => {
    expect((await ask("POST", "/mqtt/clients", { name: "edge-2", kind: "edge" })).json).toMatchObject({
      password: "word",
    });
    expect((await ask("POST", "/mqtt/clients", { name: "x", kind: "king" })).status).toBe(400);
    const { text } = await ask("GET", "/mqtt/clients");
    expect(text).toContain("edge-2");
    expect(text).not.toContain("word");
    expect((await ask("DELETE", "/mqtt/clients/edge-2")).status).toBe(204);
    expect((await ask("DELETE", "/mqtt/clients/edge-2")).status).toBe(404);
  });

  test("the link in a message: looking changes nothing, the button acknowledges once", async () => {
    for (let i = 0; i < 2; i++) {
      const page = await ask("GET", "/ack/right");
      expect(page.status).toBe(200);
      expect(page.text).toContain("Pression d'huile basse");
      expect(page.text).toContain("<button>");
    }
    const form = { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: "" };
    expect(await (await fetch(`${w.web.url}/ack/right`, form)).text()).toContain("Acquitté. Merci.");
    const again = await fetch(`${w.web.url}/ack/right`, form);
    expect(again.status).toBe(410);
    expect((await ask("GET", "/ack/other")).text).toContain("pas le nôtre");
  });

  test("duty, rota and cases answer", async () => {
    expect((await ask("GET", "/notices/duty")).json).toMatchObject([{ who: "Paul" }]);
    expect((await ask("GET", "/notices/rota/nuit.ics")).text).toContain("VCALENDAR");
    expect((await ask("GET", "/notices/rota/jour.ics")).status).toBe(404);
    expect((await ask("GET", "/cases")).json).toEqual([{ machine: "tour-2" }]);
  });

  test("the dashboard's pages are one file, its other files are themselves, and nothing outside is served", async () => {
    await w.web.close();
    const dist = mkdtempSync(join(tmpdir(), "vigie-dist-"));
    const { mkdirSync, writeFileSync } = await import("node:fs");
    mkdirSync(join(dist, "assets"));
    writeFileSync(join(dist, "index.html"), "<!doctype html>page");
    writeFileSync(join(dist, "assets", "main-abc.js"), "script");
    w = await world({}, { dashboard: dist, machines: new Map([["a", { id: "a", name: sameText("A") }]]) });
    const get = async (path: string) => {
      const response = await fetch(`${w.web.url}${path}`);
      return { status: response.status, text: await response.text(), cache: response.headers.get("cache-control") };
    };
    expect(await get("/")).toMatchObject({ status: 200, text: "<!doctype html>page", cache: "no-cache" });
    expect((await get("/m/T2")).text).toContain("page");
    expect(await get("/assets/main-abc.js")).toMatchObject({
      text: "script",
      cache: expect.stringContaining("immutable"),
    });
    expect((await get("/assets/none.js")).status).toBe(404);
    for (const path of ["/..%2fgateway.yaml", "/%2e%2e/%2e%2e/etc/passwd", "/assets/..%5c..%5cx.txt", "/%00.js"])
      expect((await get(path)).text).not.toMatch(/root:|site:/);
    expect(existsSync(join(dist, "index.html"))).toBe(true);
  });
});
