import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import webPush from "../../../gateway/notifiers/web-push.ts";
import { PushService } from "../../sim/push-service.ts";
import { make, patient } from "../notifiers/desk.ts";
import { message } from "../notifiers/message.ts";
import { furniture, type World, world } from "./world.ts";

let w: World;
let service: PushService;
const learned: string[] = [];
const open = async (withPush: boolean) => {
  const folder = mkdtempSync(join(tmpdir(), "vigie-web-"));
  const notifier = make(webPush, { contact: "mailto:m@nord.example", services: ["127.0.0.1"] }, { folder });
  notifier.listen?.(
    async () => undefined,
    (id) => learned.push(id),
  );
  const parts = furniture(folder);
  const { postman } = parts;
  if (!postman || !notifier.push) throw new Error("no desk");
  w = await world({}, { ...parts, folder, postman: withPush ? { ...postman, push: notifier.push } : postman });
  return notifier;
};
beforeEach(async () => {
  service = await PushService.open();
});
afterEach(async () => {
  service.close();
  await w.web.close();
});

const ask = async (method: string, path: string, body?: unknown) => {
  const response = await fetch(w.api(path), {
    method,
    ...(body !== undefined && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
};

test("a browser signs up on its owner's page, gets a message, says that it showed it, and signs out", async () => {
  const notifier = await open(true);
  const { body: before } = await ask("GET", "/push");
  expect(before).toMatchObject({ there: true, devices: [], person: "Paul" });
  service.senderKey = before.key;
  const { body: device } = await ask("POST", "/push", { name: "Téléphone", subscription: service.browser("phone") });
  await notifier.deliver?.(message({ address: "local" }), patient());
  expect(service.problems).toEqual([]);
  const proof = service.got[0]?.payload.proof;
  expect((await ask("POST", "/push/shown", { proof })).status).toBe(204);
  expect((await ask("POST", "/push/shown", { proof })).status).toBe(404);
  expect(learned).toEqual(["m1"]);
  expect((await ask("GET", "/push")).body.devices).toMatchObject([{ id: device.id, name: "Téléphone" }]);
  expect(JSON.stringify((await ask("GET", "/push")).body)).not.toContain("p256dh");
  expect((await ask("DELETE", `/push/${device.id}`)).status).toBe(204);
  expect((await ask("DELETE", `/push/${device.id}`)).status).toBe(404);
});

test("an address that is no push service is refused in words", async () => {
  await open(true);
  const { keys } = service.browser("x");
  const answer = await ask("POST", "/push", { name: "x", subscription: { endpoint: "https://plc.local/coil", keys } });
  expect(answer).toMatchObject({ status: 422, body: { error: "no-push-service" } });
});

test("a gateway without that channel says so", async () => {
  await open(false);
  expect((await ask("GET", "/push")).body).toEqual({ there: false });
});
