import { expect, onTestFinished, test } from "vitest";
import { DAY } from "../../../gateway/core/time.ts";
import { setUp } from "../../../gateway/sinks/influx/setup.ts";
import { scriptedInflux } from "../../sim/influx-scripted.ts";

/** As much of InfluxDB 2's API as the set-up speaks, with a memory. */
async function influx2() {
  const server = await scriptedInflux();
  onTestFinished(() => server.close());
  const buckets: { id: string; name: string; orgID: string; retentionRules: { everySeconds: number }[] }[] = [];
  const mappings: { bucketID: string; database: string }[] = [];
  server.answering((method, path, body) => {
    const url = new URL(path, server.url);
    const given = body ? JSON.parse(body) : {};
    const route = `${method} ${url.pathname.replace(/buckets\/.+/, "buckets/:id")}`;
    switch (route) {
      case "GET /api/v2/orgs":
        return url.searchParams.get("org") === "atelier"
          ? { status: 200, body: { orgs: [{ id: "o1", name: "atelier" }] } }
          : { status: 404, body: { code: "not found" } };
      case "GET /api/v2/buckets":
        return { status: 200, body: { buckets: buckets.filter((b) => b.name === url.searchParams.get("name")) } };
      case "POST /api/v2/buckets":
        buckets.push({ id: `b${buckets.length + 1}`, ...given });
        return { status: 201, body: buckets.at(-1) };
      case "PATCH /api/v2/buckets/:id":
        Object.assign(buckets.find((b) => url.pathname.endsWith(b.id)) ?? {}, given);
        return { status: 200, body: {} };
      case "GET /api/v2/dbrps":
        return { status: 200, body: { content: mappings.filter((m) => m.database === url.searchParams.get("db")) } };
      case "POST /api/v2/dbrps":
        mappings.push(given);
        return { status: 201, body: given };
    }
    return undefined;
  });
  return { server, buckets, mappings };
}

test("bucket, retention and InfluxQL mapping are made once; a second run changes nothing", async () => {
  const { server, buckets, mappings } = await influx2();
  const setup = { url: server.url, token: "t", org: "atelier", bucket: "machines", retention: 365 * DAY };
  expect(await setUp(setup)).toEqual([
    { what: "bucket", changed: true },
    { what: "mapping", changed: true },
  ]);
  expect(buckets).toMatchObject([{ name: "machines", orgID: "o1", retentionRules: [{ everySeconds: 31_536_000 }] }]);
  expect(mappings).toMatchObject([{ bucketID: "b1", database: "machines", default: true }]);
  expect((await setUp(setup)).filter((step) => step.changed)).toEqual([]);
  expect([buckets.length, mappings.length]).toEqual([1, 1]);
});

test("another retention is put right on the bucket that is there", async () => {
  const { server, buckets } = await influx2();
  const setup = { url: server.url, token: "t", org: "atelier", bucket: "machines", retention: 0 };
  await setUp(setup);
  expect(await setUp({ ...setup, retention: 30 * DAY })).toContainEqual({ what: "retention", changed: true });
  expect(buckets[0]?.retentionRules[0]?.everySeconds).toBe(2_592_000);
});

test("an organisation that is not there is named", async () => {
  const { server } = await influx2();
  await expect(setUp({ url: server.url, token: "t", org: "autre", bucket: "b", retention: 0 })).rejects.toThrow(
    /has no organisation autre/,
  );
});

test("a server that is not there is named", async () => {
  const { server } = await influx2();
  await server.close();
  await expect(setUp({ url: server.url, token: "t", org: "o", bucket: "b", retention: 0 })).rejects.toThrow(
    `cannot reach ${server.url}`,
  );
});
