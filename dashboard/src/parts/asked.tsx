import type { ComponentChildren } from "preact";
import type { Asked } from "../ask.ts";
import { words } from "../words/index.ts";

/** What to show while there is no answer yet, and why there is none. */
export function Waiting<T>({ asked, children }: { asked: Asked<T>; children: (answer: T) => ComponentChildren }) {
  const w = words.value;
  if (asked.answer !== null) return <>{children(asked.answer)}</>;
  if (asked.problem === null) return <p class="empty loading">{w.app.loading}</p>;
  return (
    <p class="empty" role="alert">
      {asked.problem || w.link.never}
    </p>
  );
}
