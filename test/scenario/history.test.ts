import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { ErrorAnswer, HistoryAnswer } from "../../gateway/core/api.ts";
import { openBrowser, visit } from "../e2e/browser.ts";
import { describeWith } from "../need.ts";
import { eventually, launch, type RunningGateway } from "../sim/gateway.ts";
import { type RealServer, startInflux1 } from "../sim/influx-servers.ts";
import { freePort } from "../sim/port.ts";

const SECRET = "jeton-que-personne-ne-lit";
/** A moment that no gateway of these tests has lived. */
const LONG_AGO = Date.UTC(2024, 4, 6, 7);

async function start(sinks: readonly string[], rest = ""): Promise<RunningGateway> {
  const file = join(mkdtempSync(join(tmpdir(), "vigie-history-")), "site.yaml");
  const list = sinks.map((sink) => `  - { ${sink} }\n`).join("");
  const site = "site: { id: atelier, name: Atelier, timezone: Europe/Paris, language: fr }";
  writeFileSync(
    file,
    `${site}\nweb: { open: true }\nbroker: { enabled: false }\nnotifiers: []\nsinks:\n${list}${rest}\n`,
  );
  const gateway = await launch(["run", "--config", file], { env: { TOKEN: `user:${SECRET}` } });
  onTestFinished(async () => void (await gateway.stop()));
  return gateway;
}

const influx = (url: string) =>
  `id: influx, type: influx, url: "${url}", token: "\${TOKEN}", bucket: vigie, timeout: 2`;

const beats = (gateway: RunningGateway, from: number, more = "") =>
  fetch(`${gateway.url}/api/v1/history?point=gateway/heartbeat&from=${from}&to=${from + 60_000}&buckets=1${more}`);

const counted = async (response: Response) => ((await response.json()) as HistoryAnswer).buckets[0]?.count;

test.each([
  ["first of two sinks", ["sqlite"]],
  ["only sink", []],
])("a server that is away, the %s, keeps nobody from the history that is here", async (_name, others) => {
  const from = Date.now() - 1_000;
  const away = influx(`http://127.0.0.1:${await freePort()}`);
  const gateway = await start([away, ...others.map((type) => `id: history, type: ${type}`)]);
  await eventually(async () => {
    const response = await beats(gateway, from);
    expect(response.status).toBe(200);
    return ((await counted(response)) ?? 0) > 2 || undefined;
  }, 15_000);
});

describeWith(["influxd"], "history: names a server", () => {
  let server: RealServer;
  beforeAll(async () => {
    server = await startInflux1("vigie");
    const line = `reading,site=atelier,machine=gateway,signal=heartbeat,unit=1 value=1,quality="good" ${LONG_AGO}000000`;
    const url = `${server.url}/api/v2/write?bucket=vigie&precision=ns`;
    expect((await fetch(url, { method: "POST", body: line })).status).toBe(204);
  });
  afterAll(() => server?.stop());

  test("it answers while it is there; afterwards people read which server is missing, in their language", async () => {
    const gateway = await start([influx(server.url), "id: history, type: sqlite"], "history: influx");
    expect(await counted(await beats(gateway, LONG_AGO))).toBe(1);
    await server.stop();
    const { host } = new URL(server.url);
    const words = { fr: `InfluxDB (${host}), qui ne répond pas`, en: `InfluxDB (${host}), which does not answer` };
    for (const [language, say] of Object.entries(words)) {
      const response = await beats(gateway, LONG_AGO, `&lang=${language}`);
      const { error, message } = (await response.json()) as ErrorAnswer;
      expect([response.status, error]).toEqual([503, "history-away"]);
      expect(message).toContain(say);
      expect(message).not.toContain(SECRET);
    }
    const table = await fetch(`${gateway.url}/api/v1/export.csv?point=gateway/heartbeat&from=${LONG_AGO}&lang=en`);
    expect([table.status, table.headers.get("content-disposition")]).toEqual([503, null]);
    expect(((await table.json()) as ErrorAnswer).message).toContain(words.en);
    expect(gateway.output()).not.toContain(SECRET);
  });
});

describeWith(["chromium"], "history: names a server that is away", () => {
  test("a chart says so, in words, in its place", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "vigie-history-")), "site.yaml");
    const demo = readFileSync(join(import.meta.dirname, "../../config/demo.yaml"), "utf8");
    const host = `127.0.0.1:${await freePort()}`;
    writeFileSync(file, `${demo}\nsinks:\n  - { ${influx(`http://${host}`)} }\nhistory: influx\n`);
    const gateway = await launch(["demo", "--config", file], { env: { TOKEN: SECRET } });
    onTestFinished(async () => void (await gateway.stop()));
    const browser = await openBrowser();
    onTestFinished(() => browser.close());
    const { page } = await visit(browser, `${gateway.url}/history?point=tour-1/power`);
    const said = page.locator(".chart").getByText(`InfluxDB (${host}), qui ne répond pas`);
    await said.waitFor({ timeout: 10_000 });
  }, 60_000);
});
