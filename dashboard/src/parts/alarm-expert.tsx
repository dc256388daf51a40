import { useSignal } from "@preact/signals";
import type { AlarmAnswer } from "../../../gateway/core/api.ts";
import { useAsked } from "../ask.ts";
import { momentShown } from "../format.ts";
import { headline } from "../headline.ts";
import { machines } from "../live.ts";
import { nameOf } from "../titles.ts";
import { say, words } from "../words/index.ts";
import { Waiting } from "./asked.tsx";

/** What is quiet by design, for whoever wants to know: asked for only when it is opened. */
export function Suppressed() {
  const w = words.value.expert;
  const open = useSignal(false);
  return (
    <details
      class="reasons"
      onToggle={(event) => {
        open.value = event.currentTarget.open;
      }}
    >
      <summary>{w.title}</summary>
      {open.value && <List />}
    </details>
  );
}

function List() {
  const w = words.value.expert;
  const asked = useAsked<AlarmAnswer[]>("/alarms?view=expert", 5_000).value;
  return (
    <>
      <p class="note">{w.how}</p>
      <Waiting asked={asked}>
        {(all) => {
          const quiet = all.filter(({ state }) => state === "suppressed");
          if (quiet.length === 0) return <p>{w.none}</p>;
          return (
            <ul class="rows">
              {quiet.map((alarm) => {
                const machine = machines.value.find(({ id }) => id === alarm.machine);
                return (
                  <li key={alarm.id}>
                    <span>
                      <b>{machine ? nameOf(machine) : alarm.machine}</b> {headline(say(alarm.texts))[0]}
                    </span>
                    <small>{momentShown(alarm.since)}</small>
                  </li>
                );
              })}
            </ul>
          );
        }}
      </Waiting>
    </>
  );
}
