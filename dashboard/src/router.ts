import { computed, signal } from "@preact/signals";

/** Where the page is: path and search of the address. */
export const path = signal(location.pathname);
const search = signal(location.search);

export const query = computed(() => new URLSearchParams(search.value));

/** The wall board: the workshop for a screen that nobody touches. */
export const wall = computed(() => query.value.has("wall"));

export function go(address: string): void {
  history.pushState(null, "", address);
  arrive();
  scrollTo(0, 0);
}

/** Whether the page shown was come to from another one here, not opened as the first. */
export const moved = (): boolean => steps > 0;
let steps = 0;

function arrive(): void {
  steps++;
  path.value = location.pathname;
  search.value = location.search;
}

/** Follows plain clicks on links within the page; anything else is the browser's. */
function follow(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || link.origin !== location.origin || link.target || link.hasAttribute("download")) return;
  if (link.pathname.startsWith("/api/") || (link.pathname === location.pathname && link.hash)) return;
  event.preventDefault();
  go(link.pathname + link.search);
}

export function startRouter(): void {
  addEventListener("popstate", arrive);
  document.addEventListener("click", follow);
}
