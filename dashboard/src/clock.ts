/** An answer's date has whole seconds, and was under way for a while. */
const SLACK = 3_000;
let ahead = 0;

/**
 * The gateway's clock, epoch ms. Readings carry its time, and a box without internet or clock battery may be days off: by the
 * clock of the device in somebody's hand its newest readings would be old, and its charts empty.
 */
export const gatewayNow = (): number => Date.now() + ahead;

/** The `Date` of an answer. */
export function hearDate(date: string | null): void {
  const seen = Date.parse(date ?? "") - Date.now();
  if (Math.abs(seen - ahead) > SLACK) ahead = Math.abs(seen) > SLACK ? seen : 0;
}
