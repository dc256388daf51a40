import type { MachineAnswer } from "../../../gateway/core/api.ts";
import { valueShown } from "../format.ts";
import { headline, sentence } from "../headline.ts";
import { useHealthTrend } from "../health-trend.ts";
import { type LivePoint, pointSignal } from "../live.ts";
import type { Status } from "../status.ts";
import { nameOf, titleOf } from "../titles.ts";
import { say, words } from "../words/index.ts";
import { Ago } from "./age.tsx";
import { Health } from "./health.tsx";
import { Mark, StateShape } from "./mark.tsx";
import { Pictogram } from "./pictogram.tsx";
import { Spark } from "./spark.tsx";

/** A machine at one glance, and the one thing to do about it. The whole tile is a link to the machine. */
export function Tile({
  machine,
  status,
  main,
}: {
  machine: MachineAnswer;
  status: Status;
  main: LivePoint | undefined;
}) {
  const trend = useHealthTrend(machine.id);
  return (
    <a class={`tile tone-${status.tone}`} href={`/m/${encodeURIComponent(machine.code)}`}>
      <span class="tile-head">
        <span class="tile-picture">
          <Pictogram kind={machine.kind ?? machine.id} />
        </span>
        <span class="tile-name">
          <h2>{nameOf(machine)}</h2>
          <StateChip state={machine.state} />
        </span>
        <Health health={machine.health} trend={trend} />
      </span>
      {main && <MainValue point={main} />}
      <TheOneThing status={status} />
    </a>
  );
}

export function StateChip({ state }: { state: MachineAnswer["state"] }) {
  return (
    <span class={`state-chip state-${state}`}>
      <StateShape state={state} />
      {words.value.state[state]}
    </span>
  );
}

function MainValue({ point: { id } }: { point: LivePoint }) {
  const point = pointSignal(id)?.value;
  if (!point) return null;
  const title = titleOf(point);
  return (
    <span class="tile-live">
      <Spark point={id} label={words.value.workshop.trail(title)} />
      <span class="tile-value">
        <span class="label">{title}</span>
        {point.value === null ? (
          <strong class="gone">{words.value.fault[point.why ?? "unknown"]}</strong>
        ) : (
          <strong>{valueShown(point.value, point.unit)}</strong>
        )}
        <Ago point={point} />
      </span>
    </span>
  );
}

function TheOneThing({ status: { tone, first, others, silent } }: { status: Status }) {
  const w = words.value.workshop;
  const text = first ? sentence(headline(say(first.action ?? first.texts))[0]) : silent ? w.silentMachine : w.nothing;
  return (
    <span class="tile-todo">
      <Mark tone={tone} />
      <span>
        <span class="todo-text">{text}</span>
        {first?.action && <span class="todo-why">{headline(say(first.texts))[0]}</span>}
      </span>
      {others > 0 && <span class="todo-more">{w.alarmsMore(others)}</span>}
    </span>
  );
}
