import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, statfs } from "node:fs/promises";
import { hostname, totalmem } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { SystemAnswer } from "../../core/api.ts";
import { BUILT, DAY, epochMs, HOUR } from "../../core/time.ts";
import type { App, Desk } from "../app.ts";
import { notFound } from "../errors.ts";
import { prometheusText } from "../metrics.ts";
import { answerState } from "./site.ts";
import { by } from "./users.ts";

/** The box itself: disk, clock, queues, backup, and the clients of its broker. */
export function systemRoutes(app: App, desk: Desk, startedAt: number): void {
  const growth = measureGrowth(desk);
  const system = async (): Promise<SystemAnswer> => {
    const disk = await statfs(desk.folder);
    // To look into a folder, or at one's own memory, takes a descriptor; where none is left that one number is not known.
    const used = await bytesIn(desk.folder).catch(() => null);
    const perDay = used === null ? null : growth(used);
    const free = disk.bavail * disk.bsize;
    const rss = desk.memory();
    const releases = desk.releases?.();
    return {
      version: desk.version,
      node: process.version,
      hostname: hostname(),
      uptime: Math.floor((desk.clock.monotonic() - startedAt) / 1_000),
      clock: { now: desk.clock.now(), quality: desk.store?.timeQuality() ?? "unsynced" },
      memory: { rss: Number.isFinite(rss) ? rss : null, total: totalmem() },
      disk: {
        free,
        total: disk.blocks * disk.bsize,
        used,
        perDay,
        daysLeft: perDay && perDay > 0 ? Math.floor(free / perDay) : null,
      },
      queues: desk.behind(),
      log: desk.logState(),
      ...(releases && { releases }),
    };
  };
  app.get("/system", { config: { need: "viewer" }, schema: { tags: ["gateway"] } }, system);

  timeRoute(app, desk);
  supportRoute(app, desk, startedAt, system);
  backupRoute(app, desk);
  if (desk.broker) brokerRoutes(app, desk, desk.broker);
}

/** A box without NTP and without a battery learns the time from whoever stands before it. */
function timeRoute(app: App, desk: Desk): void {
  app.post(
    "/time",
    {
      config: { need: "maintenance" },
      schema: {
        tags: ["gateway"],
        description: "Tells the gateway what time it is. What it could not date so far is dated from this.",
        body: z.strictObject({
          now: z
            .int()
            .min(BUILT)
            .max(BUILT + 30 * 365 * DAY),
        }),
      },
    },
    async (request) => {
      if (!desk.store) throw notFound("This gateway keeps no time.");
      const [before, after] = [desk.store.now(), request.body.now].map((t) => new Date(t).toISOString());
      const note = by(request, "time-set", `${before} → ${after}`);
      desk.store.setTime(epochMs(request.body.now), note.who);
      await desk.people.audit.note(note);
      return { now: desk.clock.now(), quality: desk.store.timeQuality() };
    },
  );
}

function supportRoute(app: App, desk: Desk, startedAt: number, system: () => Promise<SystemAnswer>): void {
  app.get(
    "/support",
    {
      config: { need: "admin" },
      schema: { tags: ["gateway"], description: "What somebody needs who helps from elsewhere: no names, no secrets." },
    },
    async (request, reply) => {
      await desk.people.audit.note(by(request, "support", ""));
      // Secrets stand in the site file only as ${NAME}; the loader refuses them in clear.
      const siteFile = desk.config && (await readFile(desk.config.file, "utf8"));
      return reply.header("content-disposition", `attachment; filename="vigie-${desk.site.id}-support.json"`).send({
        made: new Date(desk.clock.now()).toISOString(),
        system: await system(),
        state: answerState(desk, startedAt),
        drivers: [...desk.drivers].map(([driver, view]) => ({ driver, type: view.type, devices: view.devices() })),
        alarms: desk.alarms.list().map(({ id, rule, state, since, active }) => ({ id, rule, state, since, active })),
        metrics: prometheusText(desk.meters).split("\n"),
        siteFile,
      });
    },
  );
}

function backupRoute(app: App, desk: Desk): void {
  app.get("/backup", { config: { need: "admin" }, schema: { tags: ["gateway"] } }, async (request, reply) => {
    const { store } = desk;
    if (!store) throw notFound("This gateway keeps nothing to back up.");
    const place = join(desk.folder, "tmp");
    await mkdir(place, { recursive: true, mode: 0o700 });
    const file = join(place, `backup-${randomBytes(6).toString("hex")}.db`);
    await desk.people.audit.note(by(request, "backup", ""));
    await store.backup(file);
    const stream = createReadStream(file);
    // Gone from the folder as soon as it has been read, or the reader has gone.
    stream.once("close", () => void rm(file, { force: true }));
    const day = new Date(desk.clock.now()).toISOString().slice(0, 10);
    return reply
      .type("application/vnd.sqlite3")
      .header("content-disposition", `attachment; filename="vigie-${desk.site.id}-${day}.db"`)
      .send(stream);
  });
}

function brokerRoutes(app: App, desk: Desk, broker: NonNullable<Desk["broker"]>): void {
  const schema = { tags: ["mqtt"] };
  app.get("/mqtt/clients", { config: { need: "integrator" }, schema }, async () => {
    const here = broker.connected();
    return broker.list().map((client) => ({ ...client, connected: here.filter(({ name }) => name === client.name) }));
  });

  app.post(
    "/mqtt/clients",
    {
      config: { need: "integrator" },
      schema: {
        ...schema,
        description: "Makes a client of the embedded broker. Its password is in this answer and nowhere else.",
        body: z.strictObject({
          name: z.string().regex(/^(?!vigie)[a-z0-9_-]{1,48}$/),
          kind: z.string().refine((kind) => broker.presets.includes(kind), `one of ${broker.presets.join(", ")}`),
        }),
      },
    },
    async (request, reply) => {
      const { name, kind } = request.body;
      const password = await broker.create(name, kind);
      await desk.people.audit.note(by(request, "mqtt-client-created", `${name}: ${kind}`));
      return reply.code(201).send({ name, kind, password });
    },
  );

  app.delete(
    "/mqtt/clients/:name",
    { config: { need: "integrator" }, schema: { ...schema, params: z.strictObject({ name: z.string().max(64) }) } },
    async (request, reply) => {
      if (!(await broker.revoke(request.params.name))) throw notFound("There is no such client.");
      await desk.people.audit.note(by(request, "mqtt-client-revoked", request.params.name));
      return reply.code(204).send();
    },
  );
}

/** What the data folder grew by per day, once it has been watched for an hour; null before. */
function measureGrowth({ clock }: Desk): (used: number) => number | null {
  let first: { at: number; used: number } | undefined;
  return (used) => {
    const now = clock.monotonic();
    first ??= { at: now, used };
    return now - first.at < HOUR ? null : Math.max(0, ((used - first.used) / (now - first.at)) * DAY);
  };
}

async function bytesIn(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = files
    .filter((file) => file.isFile())
    // A file may go between the two looks; then it takes no room.
    .map(({ parentPath, name }) =>
      stat(join(parentPath, name))
        .then(({ size }) => size)
        .catch(() => 0),
    );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
