import { useComputed } from "@preact/signals";
import { clockShown } from "../format.ts";
import { alarms, heardAt, link, machines, pointsOf, tick } from "../live.ts";
import { Icon } from "../parts/icon.tsx";
import { Tile } from "../parts/tile.tsx";
import { SoundButton, WakeLock, WallFit } from "../parts/wall.tsx";
import { wall } from "../router.ts";
import { byTrouble, mainPoint, statusOf } from "../status.ts";
import { words } from "../words/index.ts";

/** The gateway watches itself as a machine; it takes a tile only when it has something to say. */
const GATEWAY = "gateway";

export default function Workshop() {
  // Tiles change place at most once a second, and never because a number moved.
  const rows = useComputed(() => {
    // While the gateway is not heard, nothing is fresh: no tile may go on saying that there is nothing to do.
    const now = link.value === "lost" ? Infinity : tick.value >= 0 ? performance.now() : 0;
    return machines.value
      .map((machine) => {
        const points = pointsOf(machine.id).map((point) => point.peek());
        return { machine, status: statusOf(machine, alarms.value, points, now), main: mainPoint(points) };
      })
      .filter(({ machine, status }) => machine.id !== GATEWAY || status.first)
      .sort((a, b) => byTrouble(a.status, b.status));
  });
  const w = words.value.workshop;
  if (link.value === "connecting" && machines.value.length === 0)
    return <p class="empty loading">{words.value.app.loading}</p>;
  return (
    <section class="workshop" aria-labelledby="title">
      <Heading tiles={rows.value.length} troubled={rows.value.filter(({ status }) => status.tone !== "ok").length} />
      {rows.value.length === 0 && <p class="empty">{w.empty}</p>}
      <div class="tiles">
        {rows.value.map(({ machine, status, main }) => (
          <Tile key={machine.id} machine={machine} status={status} main={main} />
        ))}
      </div>
    </section>
  );
}

function Heading({ troubled, tiles }: { troubled: number; tiles: number }) {
  const w = words.value.workshop;
  const all = machines.value.filter(({ id }) => id !== GATEWAY);
  const running = all.filter(({ state }) => state === "running").length;
  return (
    <header class="page-head">
      <div>
        <h1 id="title" tabIndex={-1}>
          {w.title}
        </h1>
        <p class="page-sum">
          <strong>{troubled > 0 ? w.problems(troubled) : w.allWell}</strong>
          <span>{w.counts(running, all.length)}</span>
        </p>
      </div>
      <div class="page-tools">
        {wall.value ? (
          <>
            {heardAt.value > 0 && <span class="wall-clock">{clockShown(tick.value >= 0 ? Date.now() : 0)}</span>}
            <SoundButton />
            <WakeLock />
            <WallFit tiles={tiles} />
            <a class="button quiet" href="/" aria-label={w.leaveWall} title={w.leaveWall}>
              <Icon name="close" />
            </a>
          </>
        ) : (
          <a class="button quiet only-wide" href="/?wall">
            <Icon name="wall" />
            {w.wall}
          </a>
        )}
      </div>
    </header>
  );
}
