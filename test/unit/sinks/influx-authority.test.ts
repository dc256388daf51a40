import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import pino from "pino";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { clock } from "../../../gateway/clock.ts";
import { type Historian, HistoryAway } from "../../../gateway/core/history.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import { epochMs } from "../../../gateway/core/time.ts";
import { setUp } from "../../../gateway/sinks/influx/setup.ts";
import influx from "../../../gateway/sinks/influx.ts";
import { Certificates } from "../../sim/peers/certificates.ts";
import { temporaryFolder } from "../../sim/store.ts";

/** A server whose certificate is signed by the workshop's own authority, which no machine knows by itself. */
const LONG_AGO = epochMs(Date.UTC(2024, 4, 6, 7));
const certificates = new Certificates(temporaryFolder(afterAll));
beforeAll(() => {
  for (const name of ["atelier", "autre"]) certificates.authority(name);
  certificates.signed("influx", "atelier");
});

async function serving(answer: Parameters<typeof createServer>[1]): Promise<string> {
  const { cert, key } = certificates.files("influx");
  const server: Server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, answer);
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://localhost:${(server.address() as AddressInfo).port}`;
}

function historyOf(url: string, ca?: string): Historian {
  const given = influx.options.parse({ url, token: "user:secret", bucket: "vigie", timeout: 1, ...(ca && { ca }) });
  const { history } = influx.create(given, {
    ...{ id: "influx", clock, meters: new Meters(), say: pino({ level: "silent" }), machines: new Map() },
    ...{ points: new Map(), broker: undefined },
    site: { id: "atelier", name: "", timezone: "UTC", language: "fr" },
  });
  if (!history) throw new Error("the sink answers no questions");
  return history;
}

const asked = (history: Historian) =>
  history.range("m/s", LONG_AGO, epochMs(LONG_AGO + 60_000), 1).catch((error: unknown) => error);

test("a history over TLS is believed with the `ca` of its sink, and by no other", async () => {
  const columns = ["time", "min", "mean", "max", "count", "total"];
  const values = [[LONG_AGO, 1, 2, 3, 4, 4]];
  const url = await serving((request, response) => {
    request.resume().on("end", () => response.end(JSON.stringify({ results: [{ series: [{ columns, values }] }] })));
  });
  const { cert } = certificates.files("atelier");
  expect(await asked(historyOf(url, cert))).toEqual([{ t: LONG_AGO, min: 1, mean: 2, max: 3, count: 4, bad: 0 }]);
  for (const ca of [undefined, certificates.files("autre").cert]) {
    const refused = await asked(historyOf(url, ca));
    expect(refused).toBeInstanceOf(HistoryAway);
    expect((refused as HistoryAway).text.en).toMatch(/localhost:\d+\), which shows a certificate that is not accepted/);
    expect((refused as HistoryAway).text.fr).toMatch(/localhost:\d+\), qui montre un certificat qui n'est pas accepté/);
  }
});

test("a server that begins its answer and never ends it is given up after the time-out", async () => {
  const url = await serving((request, response) => {
    request.resume().on("end", () => response.write('{"results":['));
  });
  const silent = await asked(historyOf(url, certificates.files("atelier").cert));
  expect(silent).toBeInstanceOf(HistoryAway);
  expect((silent as HistoryAway).text.en).toContain("does not answer (TimeoutError)");
});

test("setting up a server over TLS wants its authority, too, and says so", async () => {
  const seen: string[] = [];
  const url = await serving((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    response.end(JSON.stringify({ orgs: [] }));
  });
  const setup = { url, token: "t", org: "atelier", bucket: "machines", retention: 0 };
  await expect(setUp(setup)).rejects.toThrow(/its certificate is not accepted \(\w+\), check the clock, or give --ca/);
  expect(seen).toEqual([]);
  const ca = readFileSync(certificates.files("atelier").cert, "utf8");
  await expect(setUp({ ...setup, ca })).rejects.toThrow(/has no organisation atelier/);
  expect(seen).toEqual(["GET /api/v2/orgs?org=atelier"]);
});
