import { useSignal } from "@preact/signals";
import type { Drill } from "../../../gateway/core/notice.ts";
import { useAsked } from "../ask.ts";
import { momentShown } from "../format.ts";
import { post } from "../http.ts";
import { AlarmTabs } from "../parts/alarm-tabs.tsx";
import { Waiting } from "../parts/asked.tsx";
import { Became } from "../parts/deliveries.tsx";
import { Icon } from "../parts/icon.tsx";
import { Mark } from "../parts/mark.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { refusedBecause } from "../proposal.ts";
import { may } from "../session.ts";
import { words } from "../words/index.ts";

/** Every drill and test with who was reached: the proof that an alert arrives. */
export default function Drills() {
  const w = words.value.drills;
  const said = useSignal("");
  const asked = useAsked<Drill[]>("/notices/drills", 3_000).value;
  const hold = (): Promise<void> =>
    post("/notices/drill").then(
      () => {
        said.value = w.sent;
      },
      (refused) => {
        said.value = refusedBecause(refused);
      },
    );
  return (
    <section aria-labelledby="title">
      <PageHead title={w.title}>
        <AlarmTabs />
      </PageHead>
      <p class="note prose">{w.how}</p>
      {may("maintenance") && (
        <p class="page-tools">
          <button type="button" class="primary" onClick={() => void hold()}>
            <Icon name="bell" size={20} />
            {w.now}
          </button>
          <span role="status">{said.value}</span>
        </p>
      )}
      <Waiting asked={asked}>
        {(drills) =>
          drills.length === 0 ? (
            <p class="empty">{w.none}</p>
          ) : (
            drills.map((drill) => <Result key={`${drill.t} ${drill.alarm}`} drill={drill} />)
          )
        }
      </Waiting>
    </section>
  );
}

const reached = ({ state }: Drill["deliveries"][number]): boolean =>
  state === "sent" || state === "received" || state === "acknowledged";

function Result({ drill: { t, alarm, deliveries } }: { drill: Drill }) {
  const w = words.value.drills;
  const everybody = new Set(deliveries.map(({ person }) => person));
  const those = new Set(deliveries.filter(reached).map(({ person }) => person));
  return (
    <section class="panel" aria-label={momentShown(t)}>
      <header class="panel-head">
        <Mark tone={those.size === everybody.size ? "ok" : "alert"} />
        <h2>
          {w.rule(alarm)}, {momentShown(t)}
        </h2>
        <span>{w.reached(those.size, everybody.size)}</span>
      </header>
      <ul class="rows">
        {deliveries.map((one) => (
          <li key={`${one.person} ${one.channel}`}>
            <span>
              <b>{one.person}</b> <small>{one.channel}</small>
            </span>
            <Became of={one} />
          </li>
        ))}
      </ul>
    </section>
  );
}
