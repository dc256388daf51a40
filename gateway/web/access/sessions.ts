import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";
import { roles } from "../../core/api.ts";
import type { Cells } from "../../core/log.ts";
import { DAY, HOUR, MINUTE } from "../../core/time.ts";

const KIND = "session";

const stored = z.object({
  name: z.string(),
  role: z.enum(roles),
  created: z.number(),
  seen: z.number(),
  address: z.string(),
  agent: z.string(),
});

type Session = z.infer<typeof stored>;

/** How long a session lives unused, and at most. A wall screen stays until somebody ends it. */
const life = {
  person: { idle: 12 * HOUR, most: 7 * DAY },
  wall: { idle: 90 * DAY, most: 5 * 365 * DAY },
} as const;
const SEEN_EVERY = 10 * MINUTE;
const PER_NAME = 20;

/**
 * Who is signed in. The token is 256 random bits and only its hash is kept, so a stolen disk opens no session; the first
 * half of that hash names the session in lists.
 */
export class Sessions {
  readonly #cells: Cells;
  readonly #all = new Map<string, Session>();

  private constructor(cells: Cells) {
    this.#cells = cells;
  }

  static async load(cells: Cells): Promise<Sessions> {
    const sessions = new Sessions(cells);
    for (const [id, value] of await cells.load(KIND)) sessions.#all.set(id, stored.parse(value));
    return sessions;
  }

  /** A new token, always a fresh one: what a browser brought along before signing in is worth nothing after. */
  async open(who: Pick<Session, "name" | "role" | "address" | "agent">, now: number): Promise<string> {
    const token = randomBytes(32).toString("base64url");
    const session = { ...who, created: now, seen: now };
    const mine = this.list(who.name);
    const oldest = mine.length >= PER_NAME ? mine.sort((a, b) => a.seen - b.seen)[0] : undefined;
    if (oldest) await this.end([oldest.id]);
    await this.#cells.commit({ cells: [{ kind: KIND, key: idOf(token), value: session }] });
    this.#all.set(idOf(token), session);
    return token;
  }

  /** The session of a token, if it still lives. */
  find(token: string, now: number): (Session & { id: string }) | undefined {
    const id = idOf(token);
    const session = this.#all.get(id);
    if (!session) return undefined;
    const { idle, most } = session.role === "wall" ? life.wall : life.person;
    // A clock that was set back makes a session younger, never older than it may be.
    if (now - session.seen > idle || now - session.created > most) {
      void this.end([id]);
      return undefined;
    }
    if (now - session.seen > SEEN_EVERY) {
      session.seen = now;
      void this.#cells
        .commit({ cells: [{ kind: KIND, key: id, value: session }], urgent: false })
        .catch(() => undefined);
    }
    return { ...session, id };
  }

  list(name?: string): (Session & { id: string })[] {
    return [...this.#all].filter(([, s]) => name === undefined || s.name === name).map(([id, s]) => ({ ...s, id }));
  }

  /** From the moment this is called those tokens are worth nothing, whatever the disk says. */
  async end(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#all.delete(id);
    await this.#cells.commit({ cells: ids.map((key) => ({ kind: KIND, key, value: null })) });
  }

  endAll(name: string, but?: string): Promise<void> {
    return this.end(
      this.list(name)
        .map(({ id }) => id)
        .filter((id) => id !== but),
    );
  }
}

const idOf = (token: string): string => createHash("sha256").update(token).digest("base64url");
