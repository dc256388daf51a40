import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get, Refused } from "./http.ts";

export interface Asked<T> {
  answer: T | null;
  /** The gateway's words for why there is no answer; empty when it could not be reached. */
  problem: string | null;
}

/** What the gateway answers at `path`, asked again every `again` ms and whenever `path` changes; null asks nothing. */
export function useAsked<T>(path: string | null, again?: number): Signal<Asked<T>> {
  const asked = useSignal<Asked<T>>({ answer: null, problem: null });
  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        asked.value = { answer: await get<T>(path, stop.signal), problem: null };
      } catch (problem) {
        if (stop.signal.aborted) return;
        asked.value = { answer: asked.peek().answer, problem: problem instanceof Refused ? problem.message : "" };
      }
    };
    void ask();
    const timer = again === undefined ? undefined : setInterval(() => void ask(), again);
    return () => {
      stop.abort();
      clearInterval(timer);
    };
  }, [path, again]);
  return asked;
}
