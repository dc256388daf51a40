import { Readable } from "node:stream";
import { z } from "zod";
import type { Backtest } from "../../core/api.ts";
import { instant } from "../answers.ts";
import type { App, Desk } from "../app.ts";
import { HttpError } from "../errors.ts";
import { by } from "./users.ts";

const DAY = 24 * 3600 * 1_000;
const LONGEST = 92 * DAY;

/** What the running rules would have said of days gone by. Nothing is stored, nobody is told. */
export function backtestRoutes(app: App, desk: Desk & { backtest?: Backtest }): void {
  const { backtest } = desk;
  if (!backtest) return;
  let playing: AbortController | undefined;
  app.post(
    "/backtest",
    {
      config: { need: "integrator" },
      schema: {
        tags: ["history"],
        description:
          "Plays the rules over the stored readings of [from, to), at most 92 days; answers one JSON line after another " +
          "as it goes (progress, found, then done or failed) and ends when the connection does. One at a time.",
        body: z.strictObject({ from: instant, to: instant }),
      },
    },
    async (asked, reply) => {
      const { from, to } = asked.body;
      if (from >= to) throw new HttpError(400, "bad-request", "`from` must be before `to`.");
      if (to - from > LONGEST) throw new HttpError(400, "bad-request", "At most 92 days at a time.");
      if (playing) throw new HttpError(409, "busy", "A back-test is under way already.");
      const leave = new AbortController();
      playing = leave;
      const over = () => {
        leave.abort();
        if (playing === leave) playing = undefined;
      };
      asked.raw.socket.once("close", over);
      const lines = async function* () {
        try {
          for await (const line of backtest({ from, to }, leave.signal)) yield `${JSON.stringify(line)}\n`;
        } catch (error) {
          desk.say.error(`web: the back-test broke off: ${error instanceof Error ? error.message : error}`);
          yield `${JSON.stringify({ kind: "failed", message: "The back-test broke off: see the log." })}\n`;
        } finally {
          over();
        }
      };
      await desk.people.audit.note(by(asked, "backtest", `${from}-${to}`));
      return reply
        .type("application/x-ndjson; charset=utf-8")
        .header("cache-control", "no-store")
        .send(Readable.from(lines()));
    },
  );
}
