import { useSignal } from "@preact/signals";
import type { Explanation, Maintenance, RuleView } from "../../../gateway/core/office.ts";
import { useAsked } from "../ask.ts";
import { momentShown, spanShown, valueShown } from "../format.ts";
import { post } from "../http.ts";
import { pointSignal } from "../live.ts";
import { may } from "../session.ts";
import { causeShown, titleOf } from "../titles.ts";
import { say, words } from "../words/index.ts";
import { refusal } from "./entrance.tsx";
import { Icon } from "./icon.tsx";
import { Choice } from "./settings.tsx";

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

function Why({ rule }: { rule: string }) {
  const { watching: w, explain } = words.value;
  const said = useSignal("");
  const { answer } = useAsked<Explanation>(`/rules/${encodeURIComponent(rule)}/explain`, 5_000).value;
  if (!answer) return <p class="note">{words.value.app.loading}</p>;
  const test = async (): Promise<void> => {
    try {
      await post(`/rules/${encodeURIComponent(rule)}/test`);
      said.value = w.tested;
    } catch (refused) {
      said.value = refusal(refused);
    }
  };
  return (
    <div class="why">
      <p>
        <b>{say(answer.answer)}</b>
      </p>
      <dl>
        {answer.inputs.map(({ point, value, why }) => {
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
          <dd>{words.value.state[answer.machineState]}</dd>
        </div>
        <Limits rule={answer.rule} />
        {answer.alarms.map(({ id, state }) => (
          <div key={id}>
            <dt>{explain.alarm}</dt>
            <dd>{words.value.alarmState[state]}</dd>
          </div>
        ))}
        {answer.suppression.map((cause) => (
          <div key={cause}>
            <dt>{words.value.alarmState.suppressed}</dt>
            <dd>{explain.causes[cause] ?? cause}</dd>
          </div>
        ))}
        {answer.timers.map(({ alarm, timer, left }) => (
          <div key={alarm + timer}>
            <dt>{explain.timers[timer] ?? timer}</dt>
            <dd>{spanShown(left)}</dd>
          </div>
        ))}
      </dl>
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

const lengths = { h1: 60, h4: 240, h8: 480 } as const;
type Length = keyof typeof lengths;
const lengthNames = ["h1", "h4", "h8"] as const satisfies readonly Length[];

function MaintenanceSwitch({ machine }: { machine: string }) {
  const w = words.value.watching;
  const { answer } = useAsked<Maintenance[]>("/maintenance", 5_000).value;
  const [open, length, reason, said] = [useSignal(false), useSignal<Length>("h1"), useSignal(""), useSignal("")];
  const now = answer?.find((one) => one.machine === machine);
  const set = async (minutes: number): Promise<void> => {
    try {
      await post("/maintenance", { machine, minutes, reason: reason.value.trim() });
      open.value = false;
      said.value = minutes > 0 ? w.maintenanceSet : w.maintenanceEnded;
    } catch (refused) {
      said.value = refusal(refused);
    }
  };
  return (
    <>
      {now && <p class="advice">{w.inMaintenance(momentShown(now.until), now.by, now.reason)}</p>}
      {may("maintenance") && !open.value && (
        <div class="page-tools">
          {now ? (
            <button type="button" onClick={() => void set(0)}>
              {w.endMaintenance}
            </button>
          ) : (
            <button
              type="button"
              onClick={() => {
                open.value = true;
              }}
            >
              <Icon name="tool" size={20} />
              {w.startMaintenance}
            </button>
          )}
        </div>
      )}
      {open.value && (
        <form
          class="new-note"
          onSubmit={(event) => {
            event.preventDefault();
            void set(lengths[length.value]);
          }}
        >
          <Choice
            name="maintenance"
            label={words.value.alarms.shelveFor}
            options={lengthNames.map((name) => [name, words.value.alarms.shelveSpans[name]] as const)}
            chosen={length.value}
            choose={(name) => {
              length.value = name;
            }}
          />
          <input
            type="text"
            required
            maxLength={500}
            aria-label={words.value.alarms.reason}
            placeholder={words.value.alarms.reason}
            value={reason.value}
            onInput={(event) => {
              reason.value = event.currentTarget.value;
            }}
          />
          <button type="submit" class="primary">
            {w.startMaintenance}
          </button>
          <button
            type="button"
            class="quiet"
            onClick={() => {
              open.value = false;
            }}
          >
            {words.value.alarms.cancel}
          </button>
        </form>
      )}
      <p role="status">{said.value}</p>
    </>
  );
}
