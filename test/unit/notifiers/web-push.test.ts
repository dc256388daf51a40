import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Fate } from "../../../gateway/core/notice.ts";
import webPush from "../../../gateway/notifiers/web-push.ts";
import { MemoryCells } from "../../sim/peers/kit.ts";
import { PushService } from "../../sim/push-service.ts";
import { make, patient } from "./desk.ts";
import { message } from "./message.ts";

let service: PushService;
beforeEach(async () => {
  service = await PushService.open();
});
afterEach(() => service.close());

const contact = "mailto:maintenance@nord.example";

async function house(folder = mkdtempSync(join(tmpdir(), "vigie-push-")), cells = new MemoryCells()) {
  const notifier = make(webPush, { contact, services: ["127.0.0.1"] }, { folder, cells });
  const fates: [string, Fate][] = [];
  notifier.listen?.(
    async () => undefined,
    (id, fate) => fates.push([id, fate]),
  );
  const { push } = notifier;
  if (!push) throw new Error("no desk for browsers");
  service.senderKey = await push.publicKey();
  const send = (over = {}) => notifier.deliver?.(message({ address: "claire", ...over }), patient());
  return { push, send, fates, folder, cells };
}

test("a message reaches every browser of that account, signed by the box and readable by nobody else", async () => {
  const { push, send } = await house();
  await push.add("claire", "Téléphone", service.browser("phone"));
  await push.add("claire", "Bureau", service.browser("desk"));
  await push.add("bruno", "Tablette", service.browser("tablet"));
  await send();
  expect(service.problems).toEqual([]);
  expect(service.got.map(({ browser }) => browser).sort()).toEqual(["desk", "phone"]);
  const [first] = service.got;
  expect(first?.claims.sub).toBe(contact);
  expect(first?.headers).toMatchObject({ urgency: "high", ttl: "14400", topic: "m1" });
  expect(first?.payload).toMatchObject({
    title: "[P1] Fraiseuse 3 : T° broche 82 > 75 °C depuis 14:05",
    body: "À faire : Couper l'avance",
    link: "http://vigie.local:8080/ack/abc.def",
    language: "fr",
  });
});

test("the browser that has shown it says so: received, and only by whoever could open it", async () => {
  const { push, send, fates } = await house();
  await push.add("claire", "Téléphone", service.browser("phone"));
  await send({ id: "m9" });
  const proof = String(service.got[0]?.payload.proof);
  expect(push.shown("00000000-0000-0000-0000-000000000000")).toBe(false);
  expect(fates).toEqual([]);
  expect(push.shown(proof)).toBe(true);
  expect(push.shown(proof)).toBe(false);
  expect(fates).toEqual([["m9", { kind: "received" }]]);
});

test("the key is made once, lies in a file that only its owner reads, and outlives a restart", async () => {
  const { push, folder, cells } = await house();
  await push.add("claire", "Téléphone", service.browser("phone"));
  const file = join(folder, "web-push-keys.json");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const before = readFileSync(file, "utf8");
  const again = await house(folder, cells);
  expect(await again.push.publicKey()).toBe(await push.publicKey());
  expect(readFileSync(file, "utf8")).toBe(before);
  await again.send();
  expect(service.got).toHaveLength(1);
  expect(cells.dump()).not.toContain(JSON.parse(before).privateKey);
});

test("a damaged key file is said, and never written over", async () => {
  const folder = mkdtempSync(join(tmpdir(), "vigie-push-"));
  writeFileSync(join(folder, "web-push-keys.json"), "{}");
  await expect(house(folder)).rejects.toThrow(/does not hold a key pair/);
  expect(readFileSync(join(folder, "web-push-keys.json"), "utf8")).toBe("{}");
});

test("a browser that was signed out at its vendor leaves the list; one that is left still gets the message", async () => {
  const { push, send } = await house();
  await push.add("claire", "Vieux", { ...service.browser("phone"), endpoint: `${service.origin}/nobody` });
  await push.add("claire", "Neuf", service.browser("desk"));
  await send();
  expect(service.got.map(({ browser }) => browser)).toEqual(["desk"]);
  expect((await push.devices("claire")).map(({ name }) => name)).toEqual(["Neuf"]);
});

test("a service that is down, or has no internet before it, is a reason to try again", async () => {
  const { push, send } = await house();
  await push.add("claire", "Téléphone", service.browser("phone"));
  service.answers.push(503);
  await expect(send()).rejects.toThrow(/answered 503/);
  await send();
  expect(service.got).toHaveLength(1);
  service.close();
  await expect(send()).rejects.toThrow(/is there internet\?/);
});

test("nobody signed up, or signed out again: said in words, so that the next channel is taken", async () => {
  const { push, send } = await house();
  await expect(send()).rejects.toThrow("no browser of the account claire has signed up");
  const { id } = await push.add("claire", "Téléphone", service.browser("phone"));
  expect(await push.remove("bruno", id)).toBe(false);
  expect(await push.remove("claire", id)).toBe(true);
  await expect(send()).rejects.toThrow("no browser of the account claire has signed up");
});

test.each([
  ["http://192.168.1.4/x", "a machine in the workshop"],
  ["https://fcm.googleapis.com.evil.example/x", "a name that only begins like a service"],
  ["http://fcm.googleapis.com/x", "no encryption"],
  ["https://user:word@fcm.googleapis.com/x", "a password in the address"],
  ["file:///etc/passwd", "no address of a service at all"],
])("a browser may not send the gateway to %s: %s", async (endpoint) => {
  const notifier = make(webPush, { contact }, { folder: mkdtempSync(join(tmpdir(), "vigie-push-")) });
  const { keys } = service.browser("x");
  await expect(notifier.push?.add("claire", "x", { endpoint, keys })).rejects.toThrow(/not on the list/);
});

test("the real services are on the list, and long words are cut to what they take", async () => {
  const notifier = make(webPush, { contact }, { folder: mkdtempSync(join(tmpdir(), "vigie-push-")) });
  const { keys } = service.browser("x");
  for (const endpoint of [
    "https://fcm.googleapis.com/fcm/send/abc",
    "https://updates.push.services.mozilla.com/wpush/v2/abc",
    "https://web.push.apple.com/abc",
  ])
    await notifier.push?.add("claire", endpoint, { endpoint, keys });
  expect(await notifier.push?.devices("claire")).toHaveLength(3);
  const { push, send } = await house();
  await push.add("claire", "Téléphone", service.browser("phone"));
  await send({ body: "é".repeat(9_000) });
  expect(service.problems).toEqual([]);
  expect(String(service.got[0]?.payload.body)).toMatch(/^é{1000,}$/);
});
