import { spanShown } from "../format.ts";
import { accountNeeded } from "../http.ts";
import { gateway, heardAt, link, tick } from "../live.ts";
import { words } from "../words/index.ts";
import { Icon } from "./icon.tsx";
import { Mark } from "./mark.tsx";

/** Says plainly when what the page shows is not the present. Nothing at all while everything is well. */
export function Banner() {
  const w = words.value.link;
  if (accountNeeded.value) return null;
  if (link.value === "lost") {
    const ago = tick.value >= 0 && heardAt.value > 0 ? spanShown(Date.now() - heardAt.value) : "";
    return (
      <div class="banner lost">
        <Icon name="lost" />
        <p>
          <strong role="alert">{w.lost}</strong> {ago ? w.lostMore(ago) : w.never}
        </p>
      </div>
    );
  }
  const down = Object.entries(gateway.value?.drivers ?? {}).flatMap(([id, state]) =>
    state === "restarting" ? [id] : [],
  );
  const sayings = [
    gateway.value?.log === "degraded" && w.degraded,
    down.length > 0 && w.drivers(down.join(", ")),
  ].filter((said) => said !== false);
  if (sayings.length === 0) return null;
  return (
    <div class="banner trouble" role="status">
      <Mark tone="watch" />
      <p>{sayings.join(" ")}</p>
    </div>
  );
}
