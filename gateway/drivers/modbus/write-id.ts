import { Fault } from "../../core/fault.ts";
import type { Profile } from "./profile.ts";
import { readOf } from "./question.ts";
import type { Session } from "./session.ts";

/**
 * Gives a slave a new id the way its profile says, and reads it back. Resolves to the id that it answers to now: the old one where
 * the device changes only at its next start. The one other place that writes, besides declared outputs; a person asks for it.
 */
export async function writeSlaveId(
  session: Session,
  how: NonNullable<Profile["write_id"]>,
  from: number,
  to: number,
): Promise<number> {
  if (await holdsId(session, to, how.at))
    throw new Fault("refused", {
      fr: `l'esclave ${to} existe déjà : deux appareils ne peuvent pas répondre à la même adresse`,
      en: `slave ${to} exists already: two devices cannot answer as one`,
    });
  for (const [at, count] of [...how.before, [how.at, to] as const, ...how.after])
    await session.ask({ unit: from, code: 6, at, count }).catch((error: unknown) => {
      // Some devices answer the change itself with their new id: reading back decides.
      if (!(error instanceof Fault) || at !== how.at || error.code === "refused") throw error;
    });
  for (const id of [to, from]) if ((await holdsId(session, id, how.at)) === to) return id;
  throw new Fault("refused", {
    fr: `l'esclave ${from} n'a pas pris la nouvelle adresse ${to}`,
    en: `slave ${from} did not take the new id ${to}`,
  });
}

/** What the id register of that slave says, if anybody answers. */
async function holdsId(session: Session, unit: number, at: number): Promise<number | undefined> {
  try {
    return (await session.ask(readOf(unit, "holding", at, 1))).bytes.readUInt16BE(0);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return undefined;
  }
}
