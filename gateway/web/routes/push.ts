import { z } from "zod";
import { Fault } from "../../core/fault.ts";
import type { PushAnswer } from "../../core/notice.ts";
import type { App, Desk } from "../app.ts";
import { HttpError, notFound } from "../errors.ts";
import { by } from "./users.ts";

const base64url = z.string().regex(/^[A-Za-z0-9_-]+={0,2}$/);
const subscription = z.object({
  endpoint: z.url().max(1_000),
  keys: z.object({ p256dh: base64url.min(80).max(100), auth: base64url.min(20).max(30) }),
});

/** Notifications of one's own browsers: everybody sees and changes only what belongs to their account. */
export function pushRoutes(app: App, desk: Desk): void {
  const { postman } = desk;
  const push = postman?.push;
  const schema = { tags: ["notices"] };

  app.get(
    "/push",
    {
      config: { need: "viewer" },
      schema: { ...schema, description: "This account's browsers, and the key with which another one signs up." },
    },
    async ({ visitor }): Promise<PushAnswer> => {
      if (!push || !visitor) return { there: false };
      const person = postman?.personOf(visitor.name);
      return {
        there: true,
        key: await push.publicKey(),
        devices: await push.devices(visitor.name),
        ...(person !== undefined && { person }),
      };
    },
  );
  if (!push) return;

  app.post(
    "/push",
    {
      config: { need: "viewer" },
      schema: { ...schema, body: z.strictObject({ name: z.string().trim().min(1).max(80), subscription }) },
    },
    async (request) => {
      const { name, subscription } = request.body;
      const device = await push.add(request.visitor?.name ?? "", name, subscription).catch((error) => {
        if (error instanceof Fault) throw new HttpError(422, "no-push-service", error.message);
        throw error;
      });
      await desk.people.audit.note(by(request, "push-on", device.id));
      return device;
    },
  );

  app.delete(
    "/push/:device",
    { config: { need: "viewer" }, schema: { ...schema, params: z.strictObject({ device: z.string().max(64) }) } },
    async (request, reply) => {
      const { device } = request.params;
      if (!(await push.remove(request.visitor?.name ?? "", device))) throw notFound("There is no such browser.");
      await desk.people.audit.note(by(request, "push-off", device));
      return reply.code(204).send();
    },
  );

  // The service worker of a browser that may be signed out: only whoever could open the message knows the proof.
  app.post(
    "/push/shown",
    { config: { need: "anyone" }, schema: { ...schema, hide: true, body: z.strictObject({ proof: z.uuid() }) } },
    async ({ body }, reply) => {
      if (!push.shown(body.proof)) throw notFound("No message waits for that.");
      return reply.code(204).send();
    },
  );
}
