import { execFile } from "node:child_process";
import type { Clock } from "../core/time.ts";

/**
 * Tells systemd that the gateway is ready, and then, at half the watchdog's pace, that it still is. `alive` is asked each
 * time: a program that runs but reads nothing any more is not alive, and is started again by systemd.
 * Nothing is said at the end: a changed site file starts the gateway anew in the same process, and a service that says that it
 * is stopping is killed when it does not.
 * Node has no datagram sockets in the file system, so `systemd-notify` speaks for us (2 ms every 15 s).
 */
export async function keepWatchdog(alive: () => boolean, clock: Clock, signal: AbortSignal): Promise<void> {
  if (!process.env.NOTIFY_SOCKET) return;
  notify("--ready");
  const within = Number(process.env.WATCHDOG_USEC ?? 0) / 1_000;
  if (!(within > 0)) return;
  while (!signal.aborted) {
    await clock.sleep(within / 2, signal).catch(() => undefined);
    if (!signal.aborted && alive()) notify("WATCHDOG=1");
  }
}

// A failed notice has no one to be told to: systemd itself draws the consequence.
const notify = (word: string): void => void execFile("systemd-notify", [word], () => undefined);
