import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { z } from "zod";
import type { AlarmAnswer } from "../../core/api.ts";
import type { AlarmOffice, RuleEdits, RuleView } from "../../core/office.ts";
import { epochMs, MINUTE } from "../../core/time.ts";
import { answerAlarm, inLanguage, instant } from "../answers.ts";
import type { App, Desk } from "../app.ts";
import { HttpError, notFound } from "../errors.ts";
import { actions } from "./alarms.ts";
import { span } from "./history.ts";
import { by } from "./users.ts";

const words = z.string().trim().min(1).max(500);
const machineParam = z.strictObject({ id: z.string().max(64) });
const schema = { tags: ["alarms"] };
/** As many as the outbox keeps: five people, five messages a day, for more than two months. */
const MOST_DELIVERIES = 2_000;

/** Beyond the list of alarms: cases, rules and why they are quiet, figures, maintenance, and hands on many at once. */
export function officeRoutes(app: App, desk: Desk): void {
  app.get("/cases", { config: { need: "wall" }, schema }, async () => desk.cases?.() ?? []);
  const { office } = desk;
  if (!office) return;
  ruleRoutes(app, desk, office);
  machineRoutes(app, desk, office);

  app.get(
    "/alarms/quality",
    {
      config: { need: "viewer" },
      schema: { ...schema, querystring: z.strictObject({ from: instant.optional(), to: instant.optional() }) },
    },
    async ({ query }) => {
      const { from, to } = span(desk, query);
      const names = new Map(desk.postman?.people().map(({ id, name }) => [id, name]));
      const deliveries = desk.postman?.deliveries(MOST_DELIVERIES) ?? [];
      const named = deliveries.map((one) => ({ ...one, person: names.get(one.person) ?? one.person }));
      return office.quality(from, to, named);
    },
  );
}

function ruleRoutes(app: App, desk: Desk, office: AlarmOffice): void {
  const params = z.strictObject({ rule: z.string().max(200) });
  app.get("/rules", { config: { need: "viewer" }, schema }, async () => office.rules);
  app.get("/rules/:rule/explain", { config: { need: "viewer" }, schema: { ...schema, params } }, async ({ params }) => {
    const explanation = office.explain(params.rule);
    if (!explanation) throw notFound(`There is no rule ${params.rule}.`);
    return explanation;
  });
  app.post(
    "/rules/:rule/edits",
    {
      config: { need: "integrator" },
      schema: {
        ...schema,
        description:
          "The edits of the site file (for /config/edit) that make a proposed change to a rule. Changes nothing.",
        params,
        body: z.strictObject({ option: z.enum(changes), to: z.union([z.string().max(20), z.number(), z.boolean()]) }),
      },
    },
    async ({ params, body }): Promise<RuleEdits> => {
      const rule = office.rules.find(({ id }) => id === params.rule);
      if (!rule || !desk.config) throw notFound(`There is no rule ${params.rule} in the site file.`);
      return { edits: editsFor(rule, await readFile(desk.config.file, "utf8"), body.option, body.to) };
    },
  );
  app.post("/rules/:rule/test", { config: { need: "maintenance" }, schema: { ...schema, params } }, async (request) => {
    const { rule } = request.params;
    const alarm = await desk.alarms.act(rule, { kind: "test", by: request.visitor?.name ?? "" });
    await desk.people.audit.note(by(request, "alarm-test", rule));
    return answerAlarm(alarm, desk.site.language);
  });
}

/** What the page of alarm quality may propose to change. */
const changes = ["delay.on", "delay.off", "deadband", "suppress.off", "suppress.startup", "enabled"] as const;

/** To the rule's own entry; a rule that came by itself gets an entry that takes its place. */
function editsFor(rule: RuleView, yaml: string, option: string, to: unknown): RuleEdits["edits"] {
  const written: unknown = parse(yaml)?.detectors;
  const list = Array.isArray(written) ? written : undefined;
  const at = list?.findIndex((entry) => entry?.id === rule.id) ?? -1;
  const place = option.split(".");
  if (at >= 0) return [{ path: ["detectors", at, ...place], value: to }];
  const about = rule.point ? { point: rule.point } : { machine: rule.machine };
  const change = place.reduceRight<unknown>((value, key) => ({ [key]: value }), to) as object;
  const entry = { id: rule.id, type: rule.type, ...about, ...change };
  return [list ? { path: ["detectors"], value: entry, add: true } : { path: ["detectors"], value: [entry] }];
}

function machineRoutes(app: App, desk: Desk, office: AlarmOffice): void {
  for (const name of ["ack", "shelve", "unshelve", "out-of-service", "return-to-service"] as const) {
    const { need, body, turn } = actions[name];
    app.post(
      `/machines/:id/${name}`,
      { config: { need }, schema: { ...schema, params: machineParam, querystring: inLanguage, body: body.nullish() } },
      async (request): Promise<AlarmAnswer[]> => {
        const action = turn(request.body ?? {}, request.visitor?.name ?? "", desk.clock.now());
        const moved = await office.actAll(machineOr404(desk, request.params.id), action);
        await desk.people.audit.note(by(request, `alarm-${name}`, `${request.params.id}: ${moved.length}`));
        return moved.map((alarm) => answerAlarm(alarm, request.query.lang ?? desk.site.language));
      },
    );
  }

  app.post(
    "/machines/:id/verdict",
    {
      config: { need: "maintenance" },
      schema: {
        ...schema,
        description: "A person's word on the open case; answers changes to rules that would have avoided a wrong one.",
        params: machineParam,
        body: z.strictObject({ verdict: z.enum(["right", "wrong", "known"]), comment: words.optional() }),
      },
    },
    async (request) => {
      const { verdict, comment } = request.body;
      const machine = machineOr404(desk, request.params.id);
      const said = { machine, verdict, by: request.visitor?.name ?? "", ...(comment && { comment }) };
      const proposals = await office.judge(said);
      await desk.people.audit.note(by(request, "case-verdict", `${machine}: ${verdict}`));
      return proposals;
    },
  );

  app.get("/maintenance", { config: { need: "wall" }, schema }, async () => office.maintenance());
  app.post(
    "/maintenance",
    {
      config: { need: "maintenance" },
      schema: {
        ...schema,
        description: "The machine says nothing until then; 0 minutes ends it.",
        body: z.strictObject({
          machine: z.string().max(64),
          minutes: z
            .int()
            .min(0)
            .max(30 * 24 * 60),
          reason: words,
        }),
      },
    },
    async (request) => {
      const { minutes, reason } = request.body;
      const machine = machineOr404(desk, request.body.machine);
      const until = epochMs(desk.clock.now() + minutes * MINUTE);
      await office.maintain({ machine, until, by: request.visitor?.name ?? "", reason });
      await desk.people.audit.note(by(request, "maintenance", `${machine}: ${minutes} min`));
      return office.maintenance();
    },
  );
}

function machineOr404(desk: Desk, id: string): string {
  if (!desk.machines.has(id)) throw new HttpError(404, "not-found", `There is no machine ${id}.`);
  return id;
}
