import type { Aedes } from "aedes";
import type { Series } from "../core/meter.ts";
import { DAY, type Ms } from "../core/time.ts";

/** What the broker keeps in memory for those who are away. */
export const keeps = {
  /** Messages per absent client; the oldest goes first. */
  queue: 1_000,
  /** Topics with a last value. */
  retained: 20_000,
  /** Clients whose session outlives their connection. */
  sessions: 100,
  /** How long a session waits for a client that does not come back. */
  awayFor: 7 * DAY,
} as const;

/** A client, as far as its session goes. */
interface Guest {
  id: string;
  clean: boolean;
}

interface Session {
  owner: string;
  /** Who came in last under this id. */
  guest: Guest;
  /** Since when its client has been away (monotonic); undefined while it is here. */
  away: Ms | undefined;
}

/** Whose sessions outlive their connections: client ids, each with its account. One that nobody has come back to for a week ends. */
export class Sessions {
  readonly #sessions = new Map<string, Session>();
  readonly #now: () => Ms;
  readonly #ended: (id: string) => void;

  constructor(now: () => Ms, ended: (id: string) => void) {
    this.#now = now;
    this.#ended = ended;
  }

  fit({ id, clean }: Guest): boolean {
    if (clean || this.#sessions.has(id)) return true;
    if (this.#sessions.size >= keeps.sessions) this.endAbandoned();
    return this.#sessions.size < keeps.sessions;
  }

  /** Somebody came in; whoever comes in clean ends the session that was kept for its id. */
  begin(guest: Guest, owner: string): void {
    if (guest.clean) this.#sessions.delete(guest.id);
    else this.#sessions.set(guest.id, { owner, guest, away: undefined });
  }

  /** Its connection is over; what is sent to it waits from now on. One that its own next connection has thrown out is here all the same. */
  leave(guest: Guest): void {
    const session = this.#sessions.get(guest.id);
    if (session?.guest === guest) session.away = this.#now();
  }

  endAbandoned(): void {
    const since = this.#now() - keeps.awayFor;
    for (const [id, { away }] of this.#sessions) {
      if (away === undefined || away > since) continue;
      this.#sessions.delete(id);
      this.#ended(id);
    }
  }

  /** For an account that is no more, or not what it was. */
  endAll(owner: string): string[] {
    const ids = [...this.#sessions].filter(([, session]) => session.owner === owner).map(([id]) => id);
    for (const id of ids) this.#sessions.delete(id);
    return ids;
  }
}

/** The part of aedes' memory that grows with what clients do. It hangs on the broker without a type of its own. */
interface Memory {
  outgoingEnqueueCombi(subs: { clientId: string }[], packet: unknown): Promise<void>;
  outgoingClearMessageId(client: { id: string }, packet: { messageId: number | undefined }): Promise<unknown>;
  cleanSubscriptions(client: { id: string }): Promise<void>;
  storeRetained(packet: { topic: string; payload: Uint8Array }): Promise<void>;
}

/** Gives the broker's memory its bounds; aedes' own has none. */
export function bindMemory(
  broker: Aedes,
  dropped: (what: "queue" | "retained") => Series,
): { endSession(id: string): Promise<void> } {
  const memory = (broker as unknown as { persistence: Memory }).persistence;
  const waiting = new Map<string, number>();
  const topics = new Set<string>();

  const clear = memory.outgoingClearMessageId.bind(memory);
  memory.outgoingClearMessageId = async (client, packet) => {
    const found = await clear(client, packet);
    if (found) waiting.set(client.id, Math.max(0, (waiting.get(client.id) ?? 0) - 1));
    return found;
  };

  const enqueue = memory.outgoingEnqueueCombi.bind(memory);
  memory.outgoingEnqueueCombi = async (subs, packet) => {
    if (subs.length === 0) return;
    for (const { clientId } of subs) {
      const count = waiting.get(clientId) ?? 0;
      waiting.set(clientId, count + 1);
      if (count < keeps.queue) continue;
      // Messages that were never sent have no id yet: the first of those is the oldest.
      const oldest = await memory.outgoingClearMessageId({ id: clientId }, { messageId: undefined });
      if (oldest) dropped("queue").value += 1;
    }
    await enqueue(subs, packet);
  };

  const clean = memory.cleanSubscriptions.bind(memory);
  memory.cleanSubscriptions = async (client) => {
    await clean(client);
    while (await memory.outgoingClearMessageId(client, { messageId: undefined }));
    waiting.delete(client.id);
  };

  const retain = memory.storeRetained.bind(memory);
  memory.storeRetained = async (packet) => {
    if (packet.payload.length === 0) topics.delete(packet.topic);
    else if (topics.has(packet.topic) || topics.size < keeps.retained) topics.add(packet.topic);
    else {
      dropped("retained").value += 1;
      return;
    }
    await retain(packet);
  };

  return { endSession: (id) => memory.cleanSubscriptions({ id }) };
}
