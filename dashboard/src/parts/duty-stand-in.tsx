import { useSignal } from "@preact/signals";
import { useAsked } from "../ask.ts";
import { type Proposal, proposed, refusedBecause } from "../proposal.ts";
import { words } from "../words/index.ts";
import { Changes } from "./commission-changes.tsx";
import { Icon } from "./icon.tsx";
import { Problem } from "./problem.tsx";

/** Which rota of the site file, and whether its list of exceptions is still to be begun. */
interface Place {
  index: number;
  first: boolean;
}

/** Somebody takes over whole days: an exception in the site file, seen as a change before it is saved. */
export function StandIn(place: Place) {
  const w = words.value.duty;
  const [open, said] = [useSignal(false), useSignal("")];
  const close = (words: string): void => {
    open.value = false;
    said.value = words;
  };
  if (open.value) return <StandInForm place={place} close={close} />;
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
}

function StandInForm({ place: { index, first }, close }: { place: Place; close: (said: string) => void }) {
  const w = words.value.duty;
  const today = new Date().toISOString().slice(0, 10);
  const [from, to, who, problem] = [useSignal(today), useSignal(today), useSignal(""), useSignal("")];
  const proposal = useSignal<Proposal | null>(null);
  const people = useAsked<{ id: string; name: string }[]>("/notices/people").value.answer ?? [];
  const see = async (event: Event): Promise<void> => {
    event.preventDefault();
    const entry = { from: from.value, to: to.value < from.value ? from.value : to.value, who: who.value };
    const path = ["notices", "rotas", index, "exceptions"];
    try {
      proposal.value = await proposed([first ? { path, value: [entry] } : { path, value: entry, add: true }]);
      problem.value = "";
    } catch (refused) {
      problem.value = refusedBecause(refused);
    }
  };
  return (
    <form class="stand-in" onSubmit={see}>
      <Day label={w.from} value={from} />
      <Day label={w.to} value={to} />
      <Who people={people} value={who} />
      <button type="submit">{w.see}</button>
      <button type="button" class="quiet" onClick={() => close("")}>
        {words.value.alarms.cancel}
      </button>
      <Problem said={problem.value} />
      {proposal.value && (
        <div class="stand-in-change">
          <Changes proposal={proposal.value} done={() => close(w.done)} />
        </div>
      )}
    </form>
  );
}

const Who = ({ people, value }: { people: readonly { id: string; name: string }[]; value: { value: string } }) => (
  <label>
    {words.value.duty.who}
    <select
      required
      value={value.value}
      onChange={(event) => {
        value.value = event.currentTarget.value;
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
);

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
