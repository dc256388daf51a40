import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { Meters } from "../../../gateway/core/meter.ts";
import { Told } from "../../../gateway/core/text.ts";
import { steadyMs } from "../../../gateway/core/time.ts";
import { carrier, forMachines } from "../../../gateway/notices/carrier.ts";
import webhook from "../../../gateway/notifiers/webhook.ts";
import { openSay } from "../../../gateway/say.ts";
import { alarm, event, make, patient } from "./desk.ts";

interface Got {
  headers: Record<string, unknown>;
  body: string;
}

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

/** A server that answers what the test says, one status per request, the last one for ever. */
async function listen(...statuses: number[]): Promise<{ url: string; got: Got[] }> {
  const got: Got[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      got.push({ headers: request.headers, body });
      response.writeHead(statuses[Math.min(got.length - 1, statuses.length - 1)] ?? 200).end();
    });
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  open.push(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, got };
}

test("an alarm is posted as JSON, signed, and says itself in one line", async () => {
  const { url, got } = await listen(200);
  await make(webhook, { url, secret: "longenough" }).notify?.(event(), patient());
  const [post] = got;
  expect(JSON.parse(post?.body ?? "")).toMatchObject({
    headline: "[P1] Fraiseuse 3 : T° broche 82 > 75 °C depuis 14:05",
    machine: "Fraiseuse 3",
    alarm: { id: "chaud", value: 82, limit: 75 },
  });
  const signature = createHmac("sha256", "longenough")
    .update(post?.body ?? "")
    .digest("hex");
  expect(post?.headers["x-vigie-signature"]).toBe(`sha256=${signature}`);
});

test("a template makes the body of another program", async () => {
  const { url, got } = await listen(200);
  const template = {
    text: "{{headline}}",
    extra: { value: "{{alarm.value}}", none: "{{alarm.nothing}}", list: ["{{to}}"] },
  };
  await make(webhook, { url, template }).notify?.(event(), patient());
  expect(JSON.parse(got[0]?.body ?? "")).toEqual({
    text: "[P1] Fraiseuse 3 : T° broche 82 > 75 °C depuis 14:05",
    extra: { value: "82", none: "", list: ["unacked"] },
  });
});

test("what nobody is to be told of stays here, unless everything is asked for", async () => {
  const { url, got } = await listen(200);
  const quiet = event({ annunciated: false, to: "acked" });
  await make(webhook, { url }).notify?.(quiet, patient());
  expect(got).toHaveLength(0);
  await make(webhook, { url, what: "all" }).notify?.(quiet, patient());
  expect(got).toHaveLength(1);
});

test("a server that is down gets every alarm once it is back, in order, each with one id over all tries", async () => {
  const { url, got } = await listen(503, 503, 200);
  const notifier = make(webhook, { url });
  if (!forMachines(notifier)) throw new Error("not for machines");
  const follower = carrier(notifier);
  const batch = ["chaud", "huile"].map((id, i) => ({
    seq: i + 1,
    boot: 1,
    steady: steadyMs(0),
    tq: "synced" as const,
    item: event({ alarm: alarm({ id }) }),
  }));
  await expect(follower.apply(batch, "live")).rejects.toThrow(/503/);
  await expect(follower.apply(batch, "live")).rejects.toThrow(/503/);
  await follower.apply(batch, "live");
  expect(got.map(({ body }) => JSON.parse(body).alarm.id)).toEqual(["chaud", "chaud", "chaud", "huile"]);
  expect(new Set(got.slice(0, 3).map(({ headers }) => headers["x-vigie-delivery"])).size).toBe(1);
});

test("a server that refuses a message for good is not asked for ever, and that is counted", async () => {
  const { url, got } = await listen(400);
  const meters = new Meters();
  await make(webhook, { url }, { meters }).notify?.(event(), patient());
  expect(got).toHaveLength(1);
  expect(meters.sum("webhook_refused_total")).toBe(1);
});

test.each([404, 500])("a server that answers %i is told by its host: the path is the secret", async (status) => {
  const { url } = await listen(status);
  const told: string[] = [];
  const say = openSay("Europe/Paris", (line) => told.push(line));
  const error = await make(webhook, { url: `${url}/canary?key=canary` }, { say })
    .notify?.(event(), patient())
    .catch((refusal: unknown) => refusal);
  const { fr, en } = error instanceof Told ? error.text : { fr: told.join(), en: told.join() };
  for (const text of [fr, en, ...told]) expect(text).not.toMatch(/hook\/|canary/);
  expect(fr).toContain(new URL(url).origin);
});

test("a redirect is not followed: the signature is for one server", async () => {
  const { url } = await listen(302);
  await expect(make(webhook, { url }).notify?.(event(), patient())).rejects.toThrow();
});

test("nobody there is a reason to try again", async () => {
  await expect(make(webhook, { url: "http://127.0.0.1:9/" }).notify?.(event(), patient())).rejects.toThrow(
    /no answer from/,
  );
});
