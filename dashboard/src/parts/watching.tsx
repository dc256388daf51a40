import { useSignal } from "@preact/signals";
import type { Explanation, RuleView } from "../../../gateway/core/office.ts";
import { useAsked } from "../ask.ts";
import { spanShown, valueShown } from "../format.ts";
import { post } from "../http.ts";
import { pointSignal } from "../live.ts";
import { refusedBecause } from "../proposal.ts";
import { may } from "../session.ts";
import { causeShown, titleOf } from "../titles.ts";
import { say, words } from "../words/index.ts";
import { Icon } from "./icon.tsx";
import { MaintenanceSwitch } from "./maintenance.tsx";

/** What watches this machine: every rule with "why is it silent?" and a test, and the switch for planned maintenance. */
export function Watching({ machine }: { machine: string }) {
  const w = words.value.watching;
  const { answer } = useAsked<RuleView[]>("/rules", 60_000).value;
  const rules = answer?.filter((rule) => rule.machine === machine) ?? [];
  if (!answer) return null;
  return (
    <section class="panel" aria-label={w.title}>
      <h2>{w.title}</h2>
      <MaintenanceSwitch machine={machine} />
      <details class="reasons">
        <summary>{w.rules(rules.length)}</summary>
        {rules.map((rule) => (
          <Rule key={rule.id} rule={rule} />
        ))}
      </details>
    </section>
  );
}

function Rule({ rule: { id, type, point, byDefault, votes, enabled } }: { rule: RuleView }) {
  const w = words.value.watching;
  const open = useSignal(false);
  const about = point && pointSignal(point)?.peek();
  const traits = [about && titleOf(about), byDefault && w.byDefault, votes && w.votes, !enabled && w.disabled].filter(
    Boolean,
  );
  return (
    <details
      class="rule"
      onToggle={(event) => {
        open.value = event.currentTarget.open;
      }}
    >
      <summary>
        <b>{words.value.explain.types[type] ?? type}</b> <small>{traits.join(" · ")}</small>
      </summary>
      {open.value && <Why rule={id} />}
    </details>
  );
}

function Why({ rule }: { rule: string }) {
  const { watching: w } = words.value;
  const said = useSignal("");
  const { answer } = useAsked<Explanation>(`/rules/${encodeURIComponent(rule)}/explain`, 5_000).value;
  if (!answer) return <p class="note">{words.value.app.loading}</p>;
  const test = async (): Promise<void> => {
    try {
      await post(`/rules/${encodeURIComponent(rule)}/test`);
      said.value = w.tested;
    } catch (refused) {
      said.value = refusedBecause(refused);
    }
  };
  return (
    <div class="why">
      <p>
        <b>{say(answer.answer)}</b>
      </p>
      <Grounds of={answer} />
      {may("maintenance") && (
        <button type="button" onClick={() => void test()}>
          <Icon name="bell" size={20} />
          {w.test}
        </button>
      )}{" "}
      <span role="status">{said.value}</span>
    </div>
  );
}

/** What the answer rests on: values, state, limits, alarms, why it is kept quiet, and what still runs. */
function Grounds({ of: { inputs, machineState, rule, alarms, suppression, timers } }: { of: Explanation }) {
  const { watching: w, explain, state: states, alarmState } = words.value;
  return (
    <dl>
      {inputs.map(({ point, value, why }) => {
        const known = pointSignal(point)?.peek();
        return (
          <div key={point}>
            <dt>{known ? titleOf(known) : point}</dt>
            <dd>{value === null ? causeShown(why ?? "unknown") : valueShown(value, known?.unit ?? "1")}</dd>
          </div>
        );
      })}
      <div>
        <dt>{w.machineState}</dt>
        <dd>{states[machineState]}</dd>
      </div>
      <Limits rule={rule} />
      {alarms.map(({ id, state }) => (
        <div key={id}>
          <dt>{explain.alarm}</dt>
          <dd>{alarmState[state]}</dd>
        </div>
      ))}
      {suppression.map((cause) => (
        <div key={cause}>
          <dt>{alarmState.suppressed}</dt>
          <dd>{explain.causes[cause] ?? cause}</dd>
        </div>
      ))}
      {timers.map(({ alarm, timer, left }) => (
        <div key={alarm + timer}>
          <dt>{explain.timers[timer] ?? timer}</dt>
          <dd>{spanShown(left)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The limits that the rule declares, with the unit of what it watches. */
function Limits({ rule: { point, options } }: { rule: RuleView }) {
  const { explain } = words.value;
  const unit = point ? (pointSignal(point)?.peek().unit ?? "1") : "1";
  const declared = Object.entries(typeof options === "object" && options !== null ? options : {});
  return (
    <>
      {declared.map(([key, value]) =>
        typeof value === "number" && explain.limits[key] ? (
          <div key={key}>
            <dt>{explain.limits[key]}</dt>
            <dd>{valueShown(value, unit)}</dd>
          </div>
        ) : null,
      )}
    </>
  );
}
