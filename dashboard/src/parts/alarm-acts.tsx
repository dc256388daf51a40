import { type Signal, useSignal } from "@preact/signals";
import type { AlarmAnswer } from "../../../gateway/core/api.ts";
import { headline } from "../headline.ts";
import { post, Refused } from "../http.ts";
import { takeAlarm } from "../live.ts";
import { may } from "../session.ts";
import { isOpen } from "../status.ts";
import { say, words } from "../words/index.ts";
import { AsideForm, type ShelfSpan, shelf, shelfSpans } from "./aside-form.tsx";
import { Icon, type IconName } from "./icon.tsx";
import { Problem } from "./problem.tsx";

/** What is being asked of the gateway now, and what it refused. */
interface Asking {
  busy: Signal<boolean>;
  problem: Signal<string>;
}

/** What a person can do to an alarm in the state it is in, the usual thing largest. */
export function AlarmActs({ alarm }: { alarm: AlarmAnswer }) {
  const w = words.value.alarms;
  const asking: Asking = { busy: useSignal(false), problem: useSignal("") };
  const shelving = useSignal<"shelve" | "out-of-service" | null>(null);
  const now = (verb: string) => () => void act(alarm, verb, {}, asking);
  if (!may("maintenance")) return null;
  const aside = alarm.state === "shelved" || alarm.state === "out-of-service";
  return (
    <div class="alarm-acts">
      {shelving.value ? (
        <ShelveForm alarm={alarm} verb={shelving.value} asking={asking} close={() => (shelving.value = null)} />
      ) : (
        <>
          {isOpen(alarm) && alarm.state !== "latched-acked" && <AckForm alarm={alarm} asking={asking} />}
          {alarm.state === "latched-acked" && <Act icon="check" word={w.reset} act={now("reset")} />}
          {alarm.state === "shelved" && <Act icon="back" word={w.unshelve} act={now("unshelve")} />}
          {alarm.state === "out-of-service" && (
            <Act icon="back" word={w.returnToService} act={now("return-to-service")} />
          )}
          {!aside && (
            <>
              <Act icon="snooze" word={w.shelve} act={() => (shelving.value = "shelve")} />
              {may("integrator") && (
                <Act icon="tool" word={w.outOfService} act={() => (shelving.value = "out-of-service")} />
              )}
            </>
          )}
        </>
      )}
      <Problem said={asking.problem.value} />
    </div>
  );
}

const Act = ({ icon, word, act: press }: { icon: IconName; word: string; act: () => void }) => (
  <button type="button" class="quiet" onClick={press}>
    <Icon name={icon} size={20} />
    {word}
  </button>
);

/** Sends one action. Nothing is kept for later: what does not arrive now has not happened, and the card says so. */
async function act(alarm: AlarmAnswer, verb: string, said: object, { busy, problem }: Asking): Promise<boolean> {
  const w = words.peek().alarms;
  busy.value = true;
  problem.value = "";
  try {
    takeAlarm(await post<AlarmAnswer>(`/alarms/${encodeURIComponent(alarm.id)}/${verb}`, said));
    return true;
  } catch (refused) {
    problem.value = refused instanceof Refused && refused.status > 0 ? w.failed(refused.message) : w.offline;
    return false;
  } finally {
    busy.value = false;
  }
}

function AckForm({ alarm, asking }: { alarm: AlarmAnswer; asking: Asking }) {
  const w = words.value.alarms;
  const comment = useSignal("");
  const acknowledge = (event: Event): void => {
    event.preventDefault();
    const text = comment.value.trim();
    void act(alarm, "ack", text ? { comment: text } : {}, asking);
  };
  return (
    <form onSubmit={acknowledge}>
      <input
        type="text"
        maxLength={500}
        placeholder={w.comment}
        aria-label={w.comment}
        value={comment.value}
        onInput={(event) => {
          comment.value = event.currentTarget.value;
        }}
      />
      <button
        type="submit"
        class="primary"
        disabled={asking.busy.value}
        aria-label={w.ackOf(headline(say(alarm.texts))[0])}
      >
        <Icon name="check" />
        {asking.busy.value ? w.acking : w.ack}
      </button>
    </form>
  );
}

interface Shelving {
  alarm: AlarmAnswer;
  verb: "shelve" | "out-of-service";
  asking: Asking;
  close: () => void;
}

function ShelveForm({ alarm, verb, asking, close }: Shelving) {
  const w = words.value.alarms;
  const send = async (reason: string, span: ShelfSpan | undefined): Promise<void> => {
    if (await act(alarm, verb, { ...(span && shelf[span]), reason }, asking)) close();
  };
  return (
    <AsideForm
      name={`shelf-${alarm.id}`}
      spans={verb === "shelve" ? shelfSpans : []}
      send={(reason, span) => void send(reason, span)}
      close={close}
      busy={asking.busy.value}
    >
      <Icon name={verb === "shelve" ? "snooze" : "tool"} />
      {asking.busy.value ? w.shelving : verb === "shelve" ? w.shelve : w.outOfService}
    </AsideForm>
  );
}
