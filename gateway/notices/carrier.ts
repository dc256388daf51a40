import type { AlarmEvent, Notifier } from "../core/alarm.ts";
import type { Entry, Follower } from "../core/log.ts";

/** Long enough for a slow far end, short enough to stop with the gateway. */
const PATIENCE = 30_000;

/**
 * Carries the notices log to one channel for machines (webhook, MQTT, stack light), in order, with a place of its own:
 * a channel that is down holds up nobody else, and what it missed comes when it is back.
 */
export const carrier = (notifier: Notifier & Required<Pick<Notifier, "notify">>): Follower<AlarmEvent> => {
  let done = 0;
  return {
    name: `notifier-${notifier.name}`,
    batch: 50,
    ordered: true,
    async apply(batch: readonly Entry<AlarmEvent>[]) {
      for (const entry of batch) {
        if (entry.seq <= done) continue;
        await notifier.notify(entry.item, AbortSignal.timeout(PATIENCE));
        done = entry.seq;
      }
    },
  };
};

export const forMachines = (notifier: Notifier): notifier is Notifier & Required<Pick<Notifier, "notify">> =>
  notifier.notify !== undefined;
