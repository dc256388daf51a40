import { z } from "zod";
import type { MachineAnswer, PointAnswer, SiteAnswer, StateAnswer } from "../../core/api.ts";
import type { Machine } from "../../core/point.ts";
import type { Text } from "../../core/text.ts";
import { inLanguage, machineAnswer, pointAnswer, says, siteAnswer, text } from "../answers.ts";
import type { App, Desk } from "../app.ts";
import { HttpError, notFound } from "../errors.ts";
import type { WebParts } from "../parts.ts";

/** The site, its machines and points, and the live stream. */
export function siteRoutes(app: App, desk: Desk): void {
  const { site } = desk;

  app.get(
    "/site",
    { config: { need: "anyone" }, schema: { tags: ["site"], response: { 200: says<SiteAnswer>(siteAnswer) } } },
    async (): Promise<SiteAnswer> => ({
      id: site.id,
      name: site.name,
      timezone: site.timezone,
      language: site.language,
      version: desk.version,
      now: desk.clock.now(),
      open: desk.settings.open,
    }),
  );

  machineRoutes(app, desk);
}

function machineRoutes(app: App, desk: Desk): void {
  const { site, live } = desk;
  app.get(
    "/machines",
    {
      config: { need: "wall" },
      schema: { tags: ["site"], response: { 200: says<MachineAnswer[]>(z.array(machineAnswer)) } },
    },
    async () => [...desk.machines.values()].map((machine) => answerMachine(desk, machine)),
  );

  app.get(
    "/machines/:id",
    {
      config: { need: "wall" },
      schema: {
        tags: ["site"],
        params: z.strictObject({ id: z.string().max(64) }),
        response: {
          200: says<MachineAnswer & { reasons: readonly Text[] }>(
            machineAnswer.extend({ reasons: z.array(text).describe("why the health is what it is") }),
          ),
        },
      },
    },
    async ({ params }) => {
      const machine =
        desk.machines.get(params.id) ?? [...desk.machines.values()].find(({ code }) => code === params.id);
      if (!machine) throw notFound(`There is no machine ${params.id}.`);
      return { ...answerMachine(desk, machine), reasons: desk.machineView(machine.id).reasons ?? [] };
    },
  );

  app.get(
    "/points",
    {
      config: { need: "wall" },
      schema: {
        tags: ["site"],
        querystring: z.strictObject({ machine: z.string().max(64).optional() }),
        response: { 200: says<PointAnswer[]>(z.array(pointAnswer)) },
      },
    },
    async ({ query }) => live.all().filter(({ machine }) => !query.machine || machine === query.machine),
  );

  app.get(
    "/events",
    {
      config: { need: "wall" },
      schema: { tags: ["site"], description: "Server-sent events: points, alarm, state.", querystring: inLanguage },
    },
    async (request, reply) => {
      const last = request.headers["last-event-id"];
      await desk.events.join(reply, request.query.lang ?? site.language, typeof last === "string" ? last : undefined);
      return reply;
    },
  );
}

function answerMachine(desk: Desk, machine: Machine): MachineAnswer {
  const { state, health, learning } = desk.machineView(machine.id);
  const points = [...desk.points.values()].filter((point) => point.machine === machine.id);
  return {
    id: machine.id,
    name: machine.name,
    ...(machine.kind && { kind: machine.kind }),
    ...(machine.class && { class: machine.class }),
    code: machine.code ?? machine.id,
    state,
    health,
    ...(learning !== undefined && { learning }),
    points: points.map(({ id }) => id),
    alarms: desk.alarms.list().filter((alarm) => alarm.machine === machine.id).length,
  };
}

export function answerState(parts: WebParts, startedAt: number): StateAnswer {
  return {
    now: parts.clock.now(),
    uptime: Math.floor((parts.clock.monotonic() - startedAt) / 1_000),
    log: parts.logState(),
    drivers: Object.fromEntries([...parts.drivers].map(([id, driver]) => [id, driver.state()])),
    behind: parts.behind(),
  };
}

/** A point that the request named; 404 with its name where there is none. */
export function pointOr404(desk: Desk, id: string) {
  const known = [...desk.points.values()].find((point) => point.id === id);
  if (!known) throw notFound(`There is no point ${id.slice(0, 130)}.`);
  return known;
}

export function historianOr404(desk: Desk) {
  if (!desk.historian) throw new HttpError(404, "no-history", noHistory);
  return desk.historian;
}

const noHistory: Text = {
  fr: "Le fichier de site fait répondre de l'historique (history:) une destination qui n'en garde pas : enlever cette clé, la passerelle répondra elle-même.",
  en: "The site file lets a sink answer for the past (history:) that keeps none: take that key out, and the gateway answers itself.",
};
