import { useSignal } from "@preact/signals";
import type { AlarmAnswer, MachineAnswer } from "../../../gateway/core/api.ts";
import { post } from "../http.ts";
import { takeAlarm } from "../live.ts";
import { refusedBecause } from "../proposal.ts";
import { may } from "../session.ts";
import { nameOf } from "../titles.ts";
import { words } from "../words/index.ts";
import { AsideForm, shelf, shelfSpans } from "./aside-form.tsx";
import { Icon, type IconName } from "./icon.tsx";

type Verb = "ack" | "shelve" | "out-of-service";

/** One hand on every alarm of a machine: seen, put aside with a reason, or out of service with a reference. */
export function Bulk({ machine, count }: { machine: MachineAnswer; count: number }) {
  const w = words.value.bulk;
  const [asking, said] = [useSignal<"shelve" | "out-of-service" | null>(null), useSignal("")];
  const send = async (verb: Verb, body: object): Promise<void> => {
    try {
      const moved = await post<AlarmAnswer[]>(`/machines/${encodeURIComponent(machine.id)}/${verb}`, body);
      for (const alarm of moved) takeAlarm(alarm);
      said.value = w.moved(moved.length);
      asking.value = null;
    } catch (refused) {
      said.value = refusedBecause(refused);
    }
  };
  if (!may("maintenance")) return null;
  const verb = asking.value;
  const one = (icon: IconName, word: string, press: () => void) => (
    <button type="button" onClick={press}>
      <Icon name={icon} size={20} />
      {word}
    </button>
  );
  return (
    <fieldset class="bulk">
      <legend>{w.title(nameOf(machine), count)}</legend>
      {verb ? (
        <AsideForm
          name={`bulk-${machine.id}`}
          spans={verb === "shelve" ? shelfSpans : []}
          send={(reason, span) => void send(verb, { ...(span && shelf[span]), reason })}
          close={() => (asking.value = null)}
        >
          {verb === "shelve" ? w.shelve : w.outOfService}
        </AsideForm>
      ) : (
        <>
          {one("check", w.ack, () => void send("ack", {}))}
          {one("snooze", w.shelve, () => (asking.value = "shelve"))}
          {may("integrator") && one("tool", w.outOfService, () => (asking.value = "out-of-service"))}
        </>
      )}
      <span role="status">{said.value}</span>
    </fieldset>
  );
}
