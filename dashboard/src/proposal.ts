import type { ConfigAnswer } from "../../gateway/core/api.ts";
import { get, post, Refused } from "./http.ts";
import { language, words } from "./words/index.ts";

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
  const [before, after] = await Promise.all([
    get<ConfigAnswer>(inWords("/config")),
    post<ConfigAnswer>(inWords("/config/edit"), { edits }),
  ]);
  return { before, after };
}

/** What is wrong with a site file or on a wire is said in the language of the page, whatever the site's own. */
export const inWords = (path: string): string => `${path}?lang=${language.peek()}`;
