import { useSignal } from "@preact/signals";
import { useAsked } from "../ask.ts";
import { type Proposal, proposed, refusedBecause } from "../proposal.ts";
import { words } from "../words/index.ts";
import { Changes } from "./commission-changes.tsx";
import { Icon } from "./icon.tsx";

/** Somebody takes over whole days: an exception in the site file, seen as a change before it is saved. */
export function StandIn({ index, first }: { index: number; first: boolean }) {
  const w = words.value.duty;
  const open = useSignal(false);
  const today = new Date().toISOString().slice(0, 10);
  const [from, to, who, said] = [useSignal(today), useSignal(today), useSignal(""), useSignal("")];
  const proposal = useSignal<Proposal | null>(null);
  const people = useAsked<{ id: string; name: string }[]>(open.value ? "/notices/people" : null).value.answer ?? [];
  const see = async (event: Event): Promise<void> => {
    event.preventDefault();
    const entry = { from: from.value, to: to.value < from.value ? from.value : to.value, who: who.value };
    const path = ["notices", "rotas", index, "exceptions"];
    try {
      proposal.value = await proposed([first ? { path, value: [entry] } : { path, value: entry, add: true }]);
      said.value = "";
    } catch (refused) {
      said.value = refusedBecause(refused);
    }
  };
  if (!open.value)
    return (
      <p class="page-tools">
        <button
          type="button"
          onClick={() => {
            open.value = true;
          }}
        >
          <Icon name="person" size={20} />
          {w.add}
        </button>
        <span role="status">{said.value}</span>
      </p>
    );
  return (
    <form class="stand-in" onSubmit={see}>
      <Day label={w.from} value={from} />
      <Day label={w.to} value={to} />
      <label>
        {w.who}
        <select
          required
          value={who.value}
          onChange={(event) => {
            who.value = event.currentTarget.value;
          }}
        >
          <option value="" />
          {people.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <button type="submit">{w.see}</button>
      <button
        type="button"
        class="quiet"
        onClick={() => {
          open.value = false;
          proposal.value = null;
        }}
      >
        {words.value.alarms.cancel}
      </button>
      {said.value && (
        <p class="problem" role="alert">
          {said.value}
        </p>
      )}
      {proposal.value && (
        <div class="stand-in-change">
          <Changes
            proposal={proposal.value}
            done={() => {
              proposal.value = null;
              open.value = false;
              said.value = w.done;
            }}
          />
        </div>
      )}
    </form>
  );
}

const Day = ({ label, value }: { label: string; value: { value: string } }) => (
  <label>
    {label}
    <input
      type="date"
      required
      value={value.value}
      onInput={(event) => {
        value.value = event.currentTarget.value;
      }}
    />
  </label>
);
