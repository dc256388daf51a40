import type { RuleView } from "../../../gateway/core/office.ts";
import { useAsked } from "../ask.ts";
import { path } from "../router.ts";
import { may } from "../session.ts";
import { words } from "../words/index.ts";

/** The pages about alarms, side by side. */
export function AlarmTabs() {
  const w = words.value.alarms;
  // A gateway without the office of alarms has no figures to show.
  const office = useAsked<RuleView[]>("/rules").value;
  const tabs = [
    ["/alarms", w.nowTab],
    ["/alarms/history", w.historyTab],
    ...(office.answer ? [["/alarms/quality", words.value.figures.tab] as const] : []),
    ...(may("maintenance") ? [["/alarms/deliveries", words.value.deliveries.tab] as const] : []),
    ["/alarms/duty", words.value.duty.tab],
    ...(may("maintenance") ? [["/alarms/drills", words.value.drills.tab] as const] : []),
  ] as const;
  return (
    <nav class="tabs alarm-tabs" aria-label={w.title}>
      {tabs.map(([href, word]) => (
        <a key={href} class="tab" href={href} aria-current={path.value === href ? "page" : undefined}>
          {word}
        </a>
      ))}
    </nav>
  );
}
