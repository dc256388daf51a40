import type { AlarmAnswer } from "../../../gateway/core/api.ts";
import { alarms, machines } from "../live.ts";
import { Bulk } from "../parts/alarm-bulk.tsx";
import { AlarmCard } from "../parts/alarm-card.tsx";
import { Suppressed } from "../parts/alarm-expert.tsx";
import { AlarmTabs } from "../parts/alarm-tabs.tsx";
import { Mark } from "../parts/mark.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { byUrgency, isAside, isHandled, isOpen } from "../status.ts";
import { words } from "../words/index.ts";

/** What needs me now, then what somebody has in hand, then what has been put aside. */
export default function Alarms() {
  const w = words.value.alarms;
  const sorted = [...alarms.value].sort(byUrgency);
  const open = sorted.filter(isOpen);
  return (
    <section class="alarms" aria-labelledby="title">
      <PageHead title={w.title}>
        <AlarmTabs />
      </PageHead>
      <h2>{w.nowTitle}</h2>
      {open.length === 0 ? (
        <div class="calm">
          <Mark tone="ok" size={48} />
          <p>
            <strong>{w.none}</strong>
            {w.noneMore}
          </p>
        </div>
      ) : (
        <>
          <BulkOf all={sorted.filter((alarm) => isOpen(alarm) || isHandled(alarm))} />
          <AlarmList of={open} />
        </>
      )}
      <Group title={w.handled} of={sorted.filter(isHandled)} />
      <Group title={w.aside} of={sorted.filter(isAside)} />
      <Suppressed />
    </section>
  );
}

/** Machines with more than one alarm can be handled with one hand. */
const BulkOf = ({ all }: { all: readonly AlarmAnswer[] }) => (
  <>
    {machines.value.map((machine) => {
      const count = all.filter((alarm) => alarm.machine === machine.id).length;
      return count > 1 ? <Bulk key={machine.id} machine={machine} count={count} /> : null;
    })}
  </>
);

const AlarmList = ({ of }: { of: readonly AlarmAnswer[] }) => (
  <div class="alarm-list">
    {of.map((alarm) => (
      <AlarmCard key={alarm.id} alarm={alarm} />
    ))}
  </div>
);

const Group = ({ title, of }: { title: string; of: readonly AlarmAnswer[] }) =>
  of.length === 0 ? null : (
    <>
      <h2>{title}</h2>
      <AlarmList of={of} />
    </>
  );
