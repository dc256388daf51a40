import { z } from "zod";
import { type AlarmAction, isVisible } from "../../core/alarm.ts";
import type { AlarmAnswer, AlarmEventAnswer, Role } from "../../core/api.ts";
import { backwards } from "../../core/rewind.ts";
import { epochMs } from "../../core/time.ts";
import { alarmAnswer, answerAlarm, inLanguage, instant, says } from "../answers.ts";
import type { App, Desk } from "../app.ts";
import { HttpError } from "../errors.ts";
import { by } from "./users.ts";

const words = z.string().trim().max(500);
const view = { view: z.literal("expert").optional() };
const alarmId = z.strictObject({ id: z.string().min(1).max(200) });

/** What a person can do to an alarm: who may, what must be said, and what the engine is told. */
export const actions = {
  ack: action("maintenance", z.strictObject({ comment: words.optional() }), ({ comment }, by) => ({
    kind: "ack",
    by,
    ...(comment && { comment }),
  })),
  reset: action("maintenance", z.strictObject({ comment: words.optional() }), ({ comment }, by) => ({
    kind: "reset",
    by,
    ...(comment && { comment }),
  })),
  shelve: action(
    "maintenance",
    z.strictObject({
      /** Either for so many minutes, or until a moment, or until it clears (`oneshot`). */
      minutes: z
        .int()
        .min(1)
        .max(7 * 24 * 60)
        .optional(),
      until: z.union([z.literal("oneshot"), z.int().min(0)]).optional(),
      reason: words.min(1),
    }),
    ({ minutes, until, reason }, by, now) => {
      const end = until === "oneshot" ? until : epochMs(until ?? now + (minutes ?? 60) * 60_000);
      return { kind: "shelve", by, until: end, reason };
    },
  ),
  unshelve: action("maintenance", z.strictObject({}), (_, by) => ({ kind: "unshelve", by })),
  "out-of-service": action(
    "integrator",
    z.strictObject({ reason: words.min(1), reference: words.optional() }),
    ({ reason, reference }, by) => ({ kind: "out-of-service", by, reason, ...(reference && { reference }) }),
  ),
  "return-to-service": action("integrator", z.strictObject({}), (_, by) => ({ kind: "return-to-service", by })),
  test: action("maintenance", z.strictObject({}), (_, by) => ({ kind: "test", by })),
} as const;

export function alarmRoutes(app: App, desk: Desk): void {
  const { alarms, site } = desk;

  app.get(
    "/alarms",
    {
      config: { need: "wall" },
      schema: {
        tags: ["alarms"],
        description: "Every alarm that is not normal; with `view=expert` also those that are quiet by design.",
        querystring: inLanguage.extend(view),
        response: { 200: says<AlarmAnswer[]>(z.array(alarmAnswer)) },
      },
    },
    async ({ query }): Promise<AlarmAnswer[]> =>
      alarms.list(query.view).map((alarm) => answerAlarm(alarm, query.lang ?? site.language)),
  );

  historyRoute(app, desk);

  for (const [name, { need, body, turn }] of Object.entries(actions)) {
    app.post(
      `/alarms/:id/${name}`,
      {
        config: { need },
        schema: {
          tags: ["alarms"],
          params: alarmId,
          querystring: inLanguage,
          body: body.nullish(),
          response: { 200: says<AlarmAnswer>(alarmAnswer) },
        },
      },
      async (request) => {
        const { params, query, body: said, visitor } = request;
        if (!visitor) throw new HttpError(401, "who", "Sign in first.");
        const alarm = await alarms.act(params.id, turn(said ?? {}, visitor.name, desk.clock.now()));
        await desk.people.audit.note(by(request, `alarm-${name}`, params.id));
        return answerAlarm(alarm, query.lang ?? site.language);
      },
    );
  }
}

const HISTORY_LINES = 500;

function historyRoute(app: App, desk: Desk): void {
  app.get(
    "/alarms/history",
    {
      config: { need: "wall" },
      schema: {
        tags: ["alarms"],
        description: "What people saw of every alarm, newest first; with `view=expert` every transition.",
        querystring: inLanguage.extend({
          ...view,
          from: instant.optional(),
          to: instant.optional(),
          machine: z.string().max(64).optional(),
          alarm: z.string().max(200).optional(),
          limit: z.coerce.number().int().min(1).max(HISTORY_LINES).default(100),
        }),
      },
    },
    async ({ query }): Promise<AlarmEventAnswer[]> => {
      const found: AlarmEventAnswer[] = [];
      for await (const { seq, item } of backwards(desk.notices)) {
        const { t, alarm } = item;
        if (query.view !== "expert" && !isVisible(item)) continue;
        if (query.from !== undefined && t < query.from) continue;
        if (query.to !== undefined && t >= query.to) continue;
        if (query.machine && alarm.machine !== query.machine) continue;
        if (query.alarm && alarm.id !== query.alarm) continue;
        found.push({ ...item, seq, alarm: answerAlarm(alarm, query.lang ?? desk.site.language) });
        if (found.length === query.limit) break;
      }
      return found;
    },
  );
}

interface Action {
  need: Role;
  body: z.ZodType;
  turn(said: unknown, by: string, now: number): AlarmAction;
}

function action<S extends z.ZodType>(
  need: Role,
  body: S,
  turn: (said: z.output<S>, by: string, now: number) => AlarmAction,
): Action {
  // An empty body comes as {}: the schema says once more whether that is enough, and gives `turn` its type.
  return { need, body, turn: (said, by, now) => turn(body.parse(said), by, now) };
}
