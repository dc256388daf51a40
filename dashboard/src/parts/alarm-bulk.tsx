import { useSignal } from "@preact/signals";
import type { AlarmAnswer, MachineAnswer } from "../../../gateway/core/api.ts";
import { post } from "../http.ts";
import { takeAlarm } from "../live.ts";
import { refusedBecause } from "../proposal.ts";
import { may } from "../session.ts";
import { nameOf } from "../titles.ts";
import { words } from "../words/index.ts";
import { Icon, type IconName } from "./icon.tsx";
import { Choice } from "./settings.tsx";

const spans = {
  h1: { minutes: 60 },
  h4: { minutes: 240 },
  h8: { minutes: 480 },
  oneshot: { until: "oneshot" },
} as const;
type Span = keyof typeof spans;
const spanNames = ["h1", "h4", "h8", "oneshot"] as const satisfies readonly Span[];
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
  const one = (icon: IconName, word: string, press: () => void) => (
    <button type="button" onClick={press}>
      <Icon name={icon} size={20} />
      {word}
    </button>
  );
  return (
    <fieldset class="bulk">
      <legend>{w.title(nameOf(machine), count)}</legend>
      {asking.value ? (
        <PutAside verb={asking.value} machine={machine.id} send={send} close={() => (asking.value = null)} />
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

interface PuttingAside {
  verb: "shelve" | "out-of-service";
  machine: string;
  send: (verb: Verb, body: object) => Promise<void>;
  close: () => void;
}

function PutAside({ verb, machine, send, close }: PuttingAside) {
  const w = words.value;
  const [span, reason] = [useSignal<Span>("h1"), useSignal("")];
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void send(verb, { ...(verb === "shelve" && spans[span.value]), reason: reason.value.trim() });
      }}
    >
      {verb === "shelve" && (
        <Choice
          name={`bulk-${machine}`}
          label={w.alarms.shelveFor}
          options={spanNames.map((name) => [name, w.alarms.shelveSpans[name]] as const)}
          chosen={span.value}
          choose={(name) => {
            span.value = name;
          }}
        />
      )}
      <input
        type="text"
        required
        maxLength={500}
        aria-label={w.alarms.reason}
        placeholder={w.alarms.reason}
        value={reason.value}
        onInput={(event) => {
          reason.value = event.currentTarget.value;
        }}
      />
      <button type="submit" class="primary">
        {verb === "shelve" ? w.bulk.shelve : w.bulk.outOfService}
      </button>
      <button type="button" class="quiet" onClick={close}>
        {w.alarms.cancel}
      </button>
    </form>
  );
}
