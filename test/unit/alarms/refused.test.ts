import pino from "pino";
import { expect, onTestFinished, test } from "vitest";
import { good, type Reading } from "../../../gateway/core/reading.ts";
import { epochMs, steadyMs } from "../../../gateway/core/time.ts";
import { healthDriver } from "../../../gateway/health.ts";
import { withoutSecrets } from "../../../gateway/say.ts";
import influx from "../../../gateway/sinks/influx.ts";
import { VirtualClock } from "../../sim/clock.ts";
import { refuse, scriptedInflux } from "../../sim/influx-scripted.ts";
import { Shop } from "./shop.ts";

/** A workshop whose readings go to a server, and whose own health comes back as its alarms see it. */
async function workshop() {
  const server = await scriptedInflux();
  onTestFinished(() => server.close());
  const shop = await Shop.open({ plugins: new Map() });
  const [clock, say] = [new VirtualClock(), pino({ level: "silent" })];
  const sink = influx.create(influx.options.parse({ url: server.url, token: "s3cret", bucket: "machines" }), {
    ...{ id: "influx-usine", clock, meters: shop.meters, say, machines: new Map(), points: new Map() },
    ...{ broker: undefined, site: { id: "atelier", name: "", timezone: "UTC", language: "fr" } },
  });
  const item = good("tour-2/temp", epochMs(1.77e12), 20);
  const send = () =>
    Promise.resolve(sink.apply([{ seq: 1, boot: 1, steady: steadyMs(1), tq: "synced", item }], "live")).catch(() => 0);

  /** So many times what the gateway says of itself, every 30 s. */
  const watch = async (times: number): Promise<void> => {
    const ending = new AbortController();
    for await (const { readings } of healthDriver(shop.meters, clock).run(ending.signal)) {
      const own = (readings as readonly Reading[]).filter(({ point }) => point.startsWith("gateway/sink_needs_care"));
      if (own.length === 0) {
        void clock.advance(1_000);
        continue;
      }
      for (let i = 0; i < times; i++) await shop.pass(30, () => own.map((one) => ({ ...one, t: shop.t })));
      ending.abort();
      break;
    }
  };
  return { server, shop, send, watch };
}

test.each([
  [
    401,
    {
      fr: "La base influx-usine refuse les mesures : le jeton n'est pas accepté",
      en: "The database influx-usine refuses the readings: the token is not accepted",
    },
    /token/,
  ],
  [
    403,
    {
      fr: "La base influx-usine refuse les mesures : le jeton n'a pas le droit d'y écrire",
      en: "The database influx-usine refuses the readings: the token may not write there",
    },
    /bucket:/,
  ],
  [
    404,
    {
      fr: "La base influx-usine refuse les mesures : le bucket n'existe pas",
      en: "The database influx-usine refuses the readings: there is no such bucket",
    },
    /influx-setup/,
  ],
])("a server that answers %i is one alarm, which names the sink, the cause and what to do, in French and English", async (status, text, todo) => {
  const { server, shop, send, watch } = await workshop();
  server.behave((_write, response) => refuse(response, status, "no"));
  await send();
  await watch(4);
  expect(shop.told.map(({ alarm }) => alarm.text)).toEqual([text]);
  const [alarm] = shop.engine.list();
  expect(alarm?.action?.fr).toMatch(todo);
  expect(alarm?.action?.en).toMatch(todo);
  expect(JSON.stringify(alarm)).not.toContain("s3cret");
  // What the log would cut out of it, taking it for a secret, nobody could read.
  for (const words of [alarm?.text, alarm?.action].flatMap((said) => [said?.fr ?? "", said?.en ?? ""]))
    expect(withoutSecrets(words)).toBe(words);

  server.behave(() => undefined);
  await send();
  await watch(4);
  expect(shop.engine.list()).toEqual([]);
});

test("the cause that is there now is the one that is said, also after a restart", async () => {
  const { server, shop, send, watch } = await workshop();
  server.behave((_write, response) => refuse(response, 401, "no"));
  await send();
  await watch(4);
  await shop.restart();
  server.behave((_write, response) => refuse(response, 404, "no"));
  await send();
  await watch(4);
  expect(shop.told).toHaveLength(1);
  expect(shop.engine.list().map(({ text, action }) => [text.fr, action?.fr])).toEqual([
    [
      "La base influx-usine refuse les mesures : le bucket n'existe pas",
      "Créer le bucket (vigie influx-setup), ou corriger bucket: et org: dans le fichier de site",
    ],
  ]);
});
