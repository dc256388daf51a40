import { Readable } from "node:stream";
import { z } from "zod";
import type { PortAnswer, ProfileAnswer } from "../../core/api.ts";
import type { App, Desk } from "../app.ts";
import { HttpError } from "../errors.ts";
import { by } from "./users.ts";

const request = z.strictObject({
  port: z
    .string()
    .max(200)
    .regex(
      /^(\/dev\/[\w./:+-]+|(rtu\+)?tcp:\/\/[\w.[\]:-]+:\d{1,5})$/,
      "expected /dev/…, tcp://host:port or rtu+tcp://host:port",
    ),
  bauds: z.array(z.int().min(300).max(1_000_000)).min(1).max(12).exactOptional(),
  parities: z
    .array(z.enum(["none", "even", "odd"]))
    .min(1)
    .max(3)
    .exactOptional(),
  slaves: z.array(z.int().min(1).max(247)).min(1).max(247).exactOptional(),
});

/** Adapters, device models, and a look at what answers on a wire. */
export function commissioningRoutes(app: App, desk: Desk): void {
  const { commissioning } = desk;
  if (!commissioning) return;
  const schema = { tags: ["commissioning"] };
  let scanning: AbortController | undefined;

  app.get(
    "/ports",
    { config: { need: "integrator" }, schema },
    async (): Promise<PortAnswer[]> => commissioning.ports(),
  );
  app.get(
    "/profiles",
    { config: { need: "viewer" }, schema },
    async (): Promise<ProfileAnswer[]> => commissioning.profiles(),
  );

  app.post(
    "/scan",
    {
      config: { need: "integrator" },
      schema: {
        ...schema,
        description: "Answers one JSON line after another as it goes; ends when the connection does.",
        body: request,
      },
    },
    async (asked, reply) => {
      // Two scans would talk into each other on one wire.
      if (scanning) throw new HttpError(409, "busy", "Somebody is scanning already.");
      const held = asked.body.port.startsWith("/")
        ? (await commissioning.ports()).find(({ path, name }) => [path, name].includes(asked.body.port))?.inUseBy
        : undefined;
      if (held && held.length > 0)
        throw new HttpError(
          409,
          "in-use",
          `${asked.body.port} is held by ${held.join(", ")}: take it out of the site file first.`,
        );
      const stop = new AbortController();
      scanning = stop;
      const over = () => {
        stop.abort();
        if (scanning === stop) scanning = undefined;
      };
      asked.raw.socket.once("close", over);
      await desk.people.audit.note(by(asked, "scan", asked.body.port));
      const rows = async function* () {
        try {
          for await (const line of commissioning.scan(asked.body, stop.signal)) yield `${JSON.stringify(line)}\n`;
        } finally {
          over();
        }
      };
      return reply
        .type("application/x-ndjson; charset=utf-8")
        .header("cache-control", "no-store")
        .send(Readable.from(rows()));
    },
  );
}
