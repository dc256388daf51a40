import type { DriverContext } from "../../plugin.ts";
import type { Session } from "./session.ts";

/** The counters of one port, read from where the bytes are counted. */
export function meterSession(session: Session, { id, meters }: DriverContext): void {
  const { talk } = session;
  const frames = (kind: string) =>
    meters.counter("node_frames_total", "Frames from nodes by fate", { driver: id, kind });
  const samples = (kind: string) =>
    meters.counter("node_samples_total", "Samples of nodes that were lost, came twice or came too early", {
      driver: id,
      kind,
    });
  const bursts = (kind: string) => meters.counter("node_bursts_total", "Bursts of nodes by fate", { driver: id, kind });
  const restarts = meters.counter("node_restarts_total", "Times a node has started anew", { driver: id });
  const drift = meters.gauge("node_drift_ppm", "How much faster the gateway's clock runs than the node's", {
    driver: id,
  });
  const series = {
    good: frames("good"),
    damaged: frames("damaged"),
    overlong: frames("overlong"),
    unknown: frames("unknown"),
    lost: samples("lost"),
    repeated: samples("repeated"),
    early: samples("early"),
    whole: bursts("whole"),
    dropped: bursts("dropped"),
  };
  meters.probe(() => {
    const counts = { ...talk.reader.counts, ...talk.counts, ...talk.bursts.counts };
    for (const [kind, counter] of Object.entries(series)) counter.value = counts[kind as keyof typeof series];
    restarts.value = talk.counts.restarts;
    drift.value = Math.round(talk.drift * 1e6);
  });
}
