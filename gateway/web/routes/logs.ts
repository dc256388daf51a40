import { z } from "zod";
import type { LogLine } from "../../core/api.ts";
import type { App, Desk } from "../app.ts";

const ranks = { info: 0, warning: 1, error: 2 } as const;

/** The end of the gateway's own log: one line per event, without secrets, bounded. */
export function logRoutes(app: App, { logLines }: Desk): void {
  if (!logLines) return;
  app.get(
    "/logs",
    {
      config: { need: "integrator" },
      schema: {
        tags: ["gateway"],
        description: "The newest lines of the gateway's own log, newest first.",
        querystring: z.strictObject({
          level: z.enum(["info", "warning", "error"]).default("info"),
          text: z.string().max(100).default(""),
          limit: z.coerce.number().int().min(1).max(500).default(200),
        }),
      },
    },
    async ({ query }): Promise<LogLine[]> => {
      const wanted = query.text.toLowerCase();
      return logLines()
        .filter(({ level, text }) => ranks[level] >= ranks[query.level] && text.toLowerCase().includes(wanted))
        .slice(0, query.limit);
    },
  );
}
