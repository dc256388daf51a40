import { z } from "zod";
import { defineSink } from "../plugin.ts";

/**
 * The history on this machine: every reading, roll-ups, gaps with their cause. The store itself moves readings from the log
 * into it, so there is nothing to carry, and it is kept without this entry too: this only gives it a name, for `history:`.
 */
export default defineSink({
  options: z.strictObject({}),
  create(_options, { id, history }) {
    if (!history) throw new Error(`${id}: there is no store to answer from`);
    return { name: id, history, apply: () => Promise.resolve() };
  },
});
