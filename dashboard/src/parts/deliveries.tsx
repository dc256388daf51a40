import type { Delivery } from "../../../gateway/core/notice.ts";
import { say, words } from "../words/index.ts";
import { Mark, type Tone } from "./mark.tsx";

const tones = {
  queued: "watch",
  sent: "ok",
  received: "ok",
  acknowledged: "ok",
  failed: "alert",
  dropped: "silent",
} as const satisfies Record<Delivery["state"], Tone>;

/** What became of one message, by shape and in words, with the cause of a failure. */
export function Became({ of: { state, cause, error } }: { of: Pick<Delivery, "state" | "cause" | "error"> }) {
  const w = words.value.deliveries;
  const unhappy = state === "failed" || state === "queued";
  return (
    <div class={`became tone-${tones[state]}`}>
      <Mark tone={tones[state]} size={20} /> <b>{w.states[state]}</b>
      {unhappy && error && <small>{w.because(cause ? say(cause) : error)}</small>}
    </div>
  );
}
