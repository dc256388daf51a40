import { useSignal } from "@preact/signals";
import type { Maintenance } from "../../../gateway/core/office.ts";
import { useAsked } from "../ask.ts";
import { momentShown } from "../format.ts";
import { post } from "../http.ts";
import { refusedBecause } from "../proposal.ts";
import { may } from "../session.ts";
import { words } from "../words/index.ts";
import { AsideForm, shelf } from "./aside-form.tsx";
import { Icon } from "./icon.tsx";

/** A machine that is being worked on does not alert; the switch says until when, who and why. */
export function MaintenanceSwitch({ machine }: { machine: string }) {
  const w = words.value.watching;
  const { answer } = useAsked<Maintenance[]>("/maintenance", 5_000).value;
  const [open, said] = [useSignal(false), useSignal("")];
  const now = answer?.find((one) => one.machine === machine);
  const set = async (minutes: number, reason: string): Promise<void> => {
    try {
      await post("/maintenance", { machine, minutes, reason });
      open.value = false;
      said.value = minutes > 0 ? w.maintenanceSet : w.maintenanceEnded;
    } catch (refused) {
      said.value = refusedBecause(refused);
    }
  };
  return (
    <>
      {now && <p class="advice">{w.inMaintenance(momentShown(now.until), now.by, now.reason)}</p>}
      {may("maintenance") && !open.value && (
        <div class="page-tools">
          {now ? (
            <button type="button" onClick={() => void set(0, now.reason)}>
              {w.endMaintenance}
            </button>
          ) : (
            <button type="button" onClick={() => (open.value = true)}>
              <Icon name="tool" size={20} />
              {w.startMaintenance}
            </button>
          )}
        </div>
      )}
      {open.value && (
        <AsideForm
          name="maintenance"
          spans={["h1", "h4", "h8"]}
          send={(reason, span) => span && void set(shelf[span].minutes, reason)}
          close={() => (open.value = false)}
        >
          {w.startMaintenance}
        </AsideForm>
      )}
      <p role="status">{said.value}</p>
    </>
  );
}
