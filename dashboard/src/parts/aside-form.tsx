import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { words } from "../words/index.ts";
import { Problem } from "./problem.tsx";
import { Choice } from "./settings.tsx";

/** How long something can be put aside, as the gateway is told. */
export const shelf = {
  h1: { minutes: 60 },
  h4: { minutes: 240 },
  h8: { minutes: 480 },
  oneshot: { until: "oneshot" },
} as const;
export type ShelfSpan = keyof typeof shelf;

/** Every length, for what comes back by itself when it is over. */
export const shelfSpans = ["h1", "h4", "h8", "oneshot"] as const satisfies readonly ShelfSpan[];

interface Asked<S extends ShelfSpan> {
  /** Tells the choice of one form from another's on the same page. */
  name: string;
  /** None where it stays aside until somebody takes it back. */
  spans: readonly S[];
  send: (reason: string, span: S | undefined) => void;
  close: () => void;
  busy?: boolean;
  /** What the button says. */
  children: ComponentChildren;
}

/** Putting something aside always says for how long and why. */
export function AsideForm<S extends ShelfSpan>({ name, spans, send, close, busy = false, children }: Asked<S>) {
  const w = words.value.alarms;
  const span = useSignal(spans[0]);
  const [reason, problem] = [useSignal(""), useSignal("")];
  const submit = (event: Event): void => {
    event.preventDefault();
    const said = reason.value.trim();
    problem.value = said === "" ? w.reasonNeeded : "";
    if (said !== "") send(said, span.value);
  };
  return (
    <form class="aside" onSubmit={submit}>
      {span.value && (
        <Choice
          name={name}
          label={w.shelveFor}
          options={spans.map((one) => [one, w.shelveSpans[one]] as const)}
          chosen={span.value}
          choose={(one) => {
            span.value = one;
          }}
        />
      )}
      <input
        type="text"
        maxLength={500}
        required
        placeholder={w.reason}
        aria-label={w.reason}
        value={reason.value}
        onInput={(event) => {
          reason.value = event.currentTarget.value;
        }}
      />
      <button type="submit" class="primary" disabled={busy}>
        {children}
      </button>
      <button type="button" class="quiet" onClick={close}>
        {w.cancel}
      </button>
      <Problem said={problem.value} />
    </form>
  );
}
