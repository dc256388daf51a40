import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { SystemAnswer } from "../../../gateway/core/api.ts";
import { useAsked } from "../ask.ts";
import { bytesShown, momentShown, spanShown } from "../format.ts";
import { post } from "../http.ts";
import { Waiting } from "../parts/asked.tsx";
import { Icon } from "../parts/icon.tsx";
import { Mark } from "../parts/mark.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { Logs } from "../parts/system-logs.tsx";
import { MqttClients } from "../parts/system-mqtt.tsx";
import { Restore } from "../parts/system-restore.tsx";
import { may } from "../session.ts";
import { words } from "../words/index.ts";

/** The box itself: will it hold, does it keep up, does it know what time it is. */
export default function System() {
  const w = words.value.system;
  const asked = useAsked<SystemAnswer>("/system", 5_000).value;
  return (
    <section aria-labelledby="title">
      <PageHead title={w.title}>
        <a class="button only-narrow" href="/bus">
          <Icon name="bus" />
          {words.value.bus.title}
        </a>
        {may("integrator") && (
          <a class="button" href="/config">
            <Icon name="tool" />
            {words.value.config.title}
          </a>
        )}
        {may("admin") && (
          <>
            <a class="button" href="/users">
              <Icon name="person" />
              {words.value.users.title}
            </a>
            <a class="button" href="/api/v1/support" download>
              <Icon name="download" />
              {w.support}
            </a>
            <a class="button" href="/api/v1/backup" download>
              <Icon name="download" />
              {w.backup}
            </a>
          </>
        )}
      </PageHead>
      <Waiting asked={asked}>{(system) => <Facts system={system} />}</Waiting>
      {may("integrator") && <MqttClients />}
      {may("integrator") && <Logs />}
      {may("admin") && <Restore />}
    </section>
  );
}

function Facts({
  system: { disk, log, clock, memory, queues, uptime, version, node, hostname, releases },
}: {
  system: SystemAnswer;
}) {
  const w = words.value.system;
  const tight = disk.daysLeft !== null && disk.daysLeft < 30;
  const skew = Math.abs(Date.now() - clock.now);
  const known = (bytes: number | null) => (bytes === null ? w.notMeasured : bytesShown(bytes));
  const trusted = clock.quality === "synced" || clock.quality === "holdover";
  return (
    <div class="facts">
      <Card title={w.disk} tone={log === "degraded" ? "alert" : tight ? "watch" : "ok"}>
        <Fact name={w.recording} value={log === "ok" ? w.recordingOk : w.recordingDegraded} />
        <Fact name={w.used} value={known(disk.used)} />
        <Fact name={w.free} value={`${bytesShown(disk.free)} / ${bytesShown(disk.total)}`} />
        <Fact name={w.perDay} value={disk.perDay === null ? w.measuring : bytesShown(disk.perDay)} />
        <Fact name={w.daysLeft} value={disk.daysLeft === null ? w.measuring : spanShown(disk.daysLeft * 86_400_000)} />
      </Card>
      <Card title={w.queues} tone={Object.values(queues).some((n) => n > 10_000) ? "watch" : "ok"}>
        {Object.entries(queues).map(([name, waiting]) => (
          <Fact key={name} name={followerShown(name)} value={waiting === 0 ? w.upToDate : w.waiting(waiting)} />
        ))}
      </Card>
      <Card title={w.clock} tone={trusted ? "ok" : "watch"}>
        <Fact name={w.time} value={momentShown(clock.now)} />
        <Fact
          name={w.clockQuality}
          value={w.clockQualities[clock.quality as keyof typeof w.clockQualities] ?? clock.quality}
        />
        {skew > 5_000 && <Fact name={w.skew} value={spanShown(skew)} />}
        {!trusted && may("maintenance") && <Fact name={w.setTimeWhy} value={<SetTime />} />}
      </Card>
      <Card title={w.box} tone="ok">
        <Fact name={w.name} value={hostname} />
        <Fact name={w.version} value={version} />
        {releases && <Fact name={w.releases} value={releases.installed.join(", ")} />}
        {releases?.before && <Fact name={version} value={w.onTrial(releases.before)} />}
        <Fact name="Node" value={node} />
        <Fact name={w.uptime} value={spanShown(uptime * 1_000)} />
        <Fact name={w.memory} value={`${known(memory.rss)} / ${bytesShown(memory.total)}`} />
      </Card>
    </div>
  );
}

/** The device in somebody's hand usually knows the time; the box takes it over. */
function SetTime() {
  const w = words.value.system;
  const said = useSignal("");
  const set = () =>
    post("/time", { now: Date.now() }).then(
      () => {
        said.value = w.setTimeDone;
      },
      (error: Error) => {
        said.value = error.message;
      },
    );
  return said.value ? (
    <span role="status">{said.value}</span>
  ) : (
    <button type="button" class="button" onClick={set}>
      {w.setTime}
    </button>
  );
}

const Card = ({
  title,
  tone,
  children,
}: {
  title: string;
  tone: "ok" | "watch" | "alert";
  children: ComponentChildren;
}) => (
  <section class={`panel tone-${tone}`} aria-label={title}>
    <header class="panel-head">
      <Mark tone={tone} />
      <h2>{title}</h2>
    </header>
    <dl>{children}</dl>
  </section>
);

const Fact = ({ name, value }: { name: string; value: ComponentChildren }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);

/** Followers of the log by what they are to people; a sink that the site file names keeps its name. */
function followerShown(name: string): string {
  const w = words.value.system;
  const known = w.followers[name as keyof typeof w.followers];
  return known ?? (name.startsWith("notifier-") ? w.notifier(name.slice("notifier-".length)) : name);
}
