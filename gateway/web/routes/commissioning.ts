import { Readable } from "node:stream";
import { z } from "zod";
import type { DecodeAnswer, LookAnswer, PortAnswer, ProfileAnswer, ScanLine } from "../../core/api.ts";
import { Fault } from "../../core/fault.ts";
import { inLanguage } from "../answers.ts";
import type { App, Desk } from "../app.ts";
import { HttpError, notFound } from "../errors.ts";
import type { CommissioningDoor } from "../parts.ts";
import { by } from "./users.ts";

const port = z
  .string()
  .max(200)
  .regex(
    /^(\/dev\/[\w./:+-]+|(rtu\+)?tcp:\/\/[\w.[\]:-]+:\d{1,5})$/,
    "expected /dev/…, tcp://host:port or rtu+tcp://host:port",
  );
const baud = z.int().min(300).max(1_000_000);
const parity = z.enum(["none", "even", "odd"]);
const slave = z.int().min(1).max(247);

const scanRequest = z.strictObject({
  port,
  bauds: z.array(baud).min(1).max(12).exactOptional(),
  parities: z.array(parity).min(1).max(3).exactOptional(),
  slaves: z.array(slave).min(1).max(247).exactOptional(),
});

const wireRequest = z.strictObject({
  port,
  slave,
  baud: baud.exactOptional(),
  parity: parity.exactOptional(),
  stopBits: z.union([z.literal(1), z.literal(2)]).exactOptional(),
});
const lookRequest = wireRequest.extend({ profile: z.string().max(64) });
const decodeRequest = wireRequest.extend({
  table: z.enum(["holding", "input"]),
  at: z.int().min(0).max(65_535),
  count: z.int().min(1).max(64),
  expect: z.number().exactOptional(),
});

/** Adapters, device models, a look at what answers on a wire, and at what it says. Everything here reads and never writes. */
export function commissioningRoutes(app: App, desk: Desk): void {
  const { commissioning } = desk;
  if (!commissioning) return;
  const schema = { tags: ["commissioning"], querystring: inLanguage };
  const wire = new OneWire(commissioning);

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
  scanRoute(app, desk, commissioning, wire);

  app.post(
    "/look",
    {
      config: { need: "integrator" },
      schema: { ...schema, description: "Every signal of a profile, as the device says it now.", body: lookRequest },
    },
    async ({ body }): Promise<LookAnswer[]> => {
      const said = await wire.use(body.port, () => commissioning.look(body));
      if (!said)
        throw notFound({ fr: `Il n'y a pas de profil ${body.profile}.`, en: `There is no profile ${body.profile}.` });
      return said;
    },
  );
  app.post(
    "/decode",
    {
      config: { need: "integrator" },
      schema: {
        ...schema,
        description: "Ways to read some registers; with `expect` the likeliest first.",
        body: decodeRequest,
      },
    },
    ({ body }): Promise<DecodeAnswer[]> => wire.use(body.port, () => commissioning.decode(body)),
  );
}

function scanRoute(app: App, desk: Desk, commissioning: CommissioningDoor, wire: OneWire): void {
  app.post(
    "/scan",
    {
      config: { need: "integrator" },
      schema: {
        tags: ["commissioning"],
        querystring: inLanguage,
        description: "Answers one JSON line after another as it goes; ends when the connection does.",
        body: scanRequest,
      },
    },
    async (asked, reply) => {
      const over = await wire.take(asked.body.port);
      const stop = new AbortController();
      asked.raw.socket.once("close", () => {
        stop.abort();
        over();
      });
      await desk.people.audit.note(by(asked, "scan", asked.body.port));
      const rows = async function* () {
        try {
          for await (const line of commissioning.scan(asked.body, stop.signal, asked.query.lang ?? desk.site.language))
            yield `${JSON.stringify(line satisfies ScanLine)}\n`;
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

/** One errand at a time: two would talk into each other. A port that a driver holds is left alone. */
class OneWire {
  readonly #door: CommissioningDoor;
  #errand: object | undefined;

  constructor(door: CommissioningDoor) {
    this.#door = door;
  }

  /** Answers how to let go again. */
  async take(port: string): Promise<() => void> {
    if (this.#errand)
      throw new HttpError(409, "busy", { fr: "Quelqu'un cherche déjà.", en: "Somebody is scanning already." });
    const errand = {};
    this.#errand = errand;
    const over = () => {
      if (this.#errand === errand) this.#errand = undefined;
    };
    const held = await this.#heldBy(port).catch(() => []);
    if (held.length === 0) return over;
    over();
    throw new HttpError(409, "in-use", {
      fr: `${port} est tenu par ${held.join(", ")} : retirez-le d'abord du fichier de site.`,
      en: `${port} is held by ${held.join(", ")}: take it out of the site file first.`,
    });
  }

  async use<T>(port: string, errand: () => Promise<T>): Promise<T> {
    const over = await this.take(port);
    try {
      return await errand();
    } catch (error) {
      if (error instanceof Fault) throw new HttpError(422, error.code, error.text);
      throw error;
    } finally {
      over();
    }
  }

  async #heldBy(port: string): Promise<readonly string[]> {
    if (!port.startsWith("/")) return [];
    return (await this.#door.ports()).find(({ path, name }) => [path, name].includes(port))?.inUseBy ?? [];
  }
}
