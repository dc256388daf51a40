import { z } from "zod";
import type { DriverAnswer } from "../../core/api.ts";
import type { BusReport } from "../../core/driver.ts";
import { DAY } from "../../core/time.ts";
import type { App, Desk } from "../app.ts";
import { notFound } from "../errors.ts";
import { prometheusText } from "../metrics.ts";
import { answerState } from "./site.ts";

const FRESH = 30_000;

/** How the gateway itself is: for pages, for Prometheus, for a watchdog. */
export function gatewayRoutes(app: App, desk: Desk, startedAt: number): void {
  app.get(
    "/devices",
    { config: { need: "wall" }, schema: { tags: ["gateway"] } },
    async (): Promise<DriverAnswer[]> =>
      [...desk.drivers].map(([driver, view]) => ({
        driver,
        type: view.type,
        state: view.state(),
        devices: view.devices(),
      })),
  );

  app.get(
    "/buses/:driver",
    { config: { need: "viewer" }, schema: { tags: ["gateway"], params: z.object({ driver: z.string() }) } },
    async ({ params }): Promise<BusReport> => {
      const report = desk.drivers.get(params.driver)?.bus?.();
      if (!report) throw notFound(`There is no bus "${params.driver}".`);
      return report;
    },
  );

  app.get("/state", { config: { need: "wall" }, schema: { tags: ["gateway"] } }, async () =>
    answerState(desk, startedAt),
  );
}

/** Outside `/api/v1`, where other programs look for them. */
export function probeRoutes(app: App, desk: Desk, startedAt: number): void {
  app.get("/healthz", { config: { need: "anyone" }, schema: { hide: true } }, async (_request, reply) => {
    const log = desk.logState();
    const quiet = desk.live.seq === 0 && desk.clock.monotonic() - startedAt > FRESH;
    // Counts only, for anybody: an update compares them with those of the version before.
    const points = desk.live.field();
    reply.header("cache-control", "no-store");
    return reply.code(log === "ok" && !quiet ? 200 : 503).send({ log, readings: quiet ? "none" : "ok", points });
  });

  const { security_contact: contact } = desk.settings;
  app.get(
    "/.well-known/security.txt",
    { config: { need: "anyone" }, schema: { hide: true } },
    async (_request, reply) => {
      if (!contact) throw notFound("`web.security_contact` is not set in the site file.");
      const expires = new Date(desk.clock.now() + 365 * DAY).toISOString();
      return reply
        .type("text/plain; charset=utf-8")
        .send(`Contact: ${contact}\nExpires: ${expires}\nPreferred-Languages: fr, en\n`);
    },
  );

  app.get("/metrics", { config: { need: "wall" }, schema: { hide: true } }, async (_request, reply) =>
    reply.type("text/plain; version=0.0.4; charset=utf-8").send(prometheusText(desk.meters)),
  );
}
