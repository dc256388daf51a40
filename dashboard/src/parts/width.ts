import { type Signal, useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";

/** The width of an element as it is laid out, in pixels. `there`: changes when the element comes or goes. */
export function useWidth(place: RefObject<HTMLElement | null>, there: unknown = true): Signal<number> {
  const width = useSignal(600);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const watch = new ResizeObserver(() => {
      width.value = element.clientWidth;
    });
    watch.observe(element);
    return () => watch.disconnect();
  }, [there]);
  return width;
}
