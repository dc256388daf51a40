import { useSignal } from "@preact/signals";
import type { Delivery } from "../../../gateway/core/notice.ts";
import { useAsked } from "../ask.ts";
import { clockShown, longDayShown } from "../format.ts";
import { AlarmTabs } from "../parts/alarm-tabs.tsx";
import { Waiting } from "../parts/asked.tsx";
import { Became } from "../parts/deliveries.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { query } from "../router.ts";
import { words } from "../words/index.ts";

type Person = { readonly id: string; readonly name: string };
const states = ["queued", "sent", "received", "acknowledged", "failed", "dropped"] as const;

const MOST = 200;

/** Every message to a person: when, on which channel, what became of it and why it failed. */
export default function Deliveries() {
  const w = words.value.deliveries;
  const [person, state] = [useSignal(""), useSignal("")];
  const alarm = query.value.get("alarm") ?? "";
  const wish = new URLSearchParams(
    Object.entries({ person: person.value, state: state.value, alarm }).filter(([, value]) => value !== ""),
  );
  const asked = useAsked<Delivery[]>(`/notices/deliveries?limit=${MOST}&${wish}`, 5_000).value;
  const people = useAsked<Person[]>("/notices/people").value.answer ?? [];
  return (
    <section aria-labelledby="title">
      <PageHead title={w.title}>
        <AlarmTabs />
      </PageHead>
      <p class="note prose">{w.how}</p>
      <div class="filters">
        <Select label={w.person} all={w.everybody} chosen={person} options={people.map(({ id, name }) => [id, name])} />
        <Select label={w.state} all={w.anyState} chosen={state} options={states.map((one) => [one, w.states[one]])} />
        {alarm && (
          <p>
            {w.about(alarm)} <a href="/alarms/deliveries">{w.allAlarms}</a>
          </p>
        )}
      </div>
      <Waiting asked={asked}>{(deliveries) => <Days deliveries={deliveries} people={people} />}</Waiting>
    </section>
  );
}

interface Selecting {
  label: string;
  all: string;
  chosen: { value: string };
  options: readonly (readonly [string, string])[];
}

const Select = ({ label, all, chosen, options }: Selecting) => (
  <label class="compare">
    {label}
    <select
      value={chosen.value}
      onChange={(event) => {
        chosen.value = event.currentTarget.value;
      }}
    >
      <option value="">{all}</option>
      {options.map(([value, word]) => (
        <option key={value} value={value}>
          {word}
        </option>
      ))}
    </select>
  </label>
);

function Days({ deliveries, people }: { deliveries: readonly Delivery[]; people: readonly Person[] }) {
  const w = words.value.deliveries;
  if (deliveries.length === 0) return <p class="empty">{people.length === 0 ? w.nobody : w.none}</p>;
  const names = new Map(people.map(({ id, name }) => [id, name]));
  return (
    <>
      {[...Map.groupBy(deliveries, ({ created }) => longDayShown(created))].map(([day, ofDay]) => (
        <section key={day}>
          <h2>{day}</h2>
          <ol class="events">
            {ofDay.map((one) => (
              <Line key={one.id} delivery={one} name={names.get(one.person) ?? one.person} />
            ))}
          </ol>
        </section>
      ))}
      {deliveries.length === MOST && <p class="note">{words.value.alarms.onlyNewest(MOST)}</p>}
    </>
  );
}

function Line({ delivery, name }: { delivery: Delivery; name: string }) {
  const w = words.value.deliveries;
  const { created, channel, kind, message, tries } = delivery;
  const traits = [channel, w.kinds[kind], tries > 1 && w.tries(tries)].filter(Boolean).join(" · ");
  return (
    <li class="event delivery">
      <time dateTime={new Date(created).toISOString()}>{clockShown(created, true)}</time>
      <div>
        <p>
          <b>{name}</b> <small>{traits}</small>
        </p>
        <p>{message.title}</p>
        <Became of={delivery} />
      </div>
    </li>
  );
}
