import type { ConfigAnswer } from "../../gateway/core/api.ts";
import { preview } from "./commission.ts";
import { get, Refused } from "./http.ts";
import { words } from "./words/index.ts";

/** The site file as it is, and as it would be. */
export interface Proposal {
  before: ConfigAnswer;
  after: ConfigAnswer;
}

/** The gateway's words for what it would not do; what did not reach it will not be sent later. */
export const refusedBecause = (refused: unknown): string =>
  refused instanceof Refused ? refused.message || words.peek().alarms.offline : String(refused);

/** The site file now, and with those edits. */
export async function proposed(edits: readonly object[]): Promise<Proposal> {
  const [before, after] = await Promise.all([get<ConfigAnswer>("/config"), preview(edits)]);
  return { before, after };
}
