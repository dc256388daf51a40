import { join } from "node:path";

/** Where an installed gateway lives. `root` is `/`, or another folder for an image that is being built. */
export const layout = (root: string) => ({
  /** One folder per version; `current` points at the one that runs. */
  releases: join(root, "opt/vigie/releases"),
  current: join(root, "opt/vigie/current"),
  /** There while a new version is on trial: points at the one that ran before it. */
  before: join(root, "opt/vigie/before"),
  /** How many points had a good value before that trial. */
  trial: join(root, "opt/vigie/trial.json"),
  config: join(root, "etc/vigie"),
  site: join(root, "etc/vigie/gateway.yaml"),
  secrets: join(root, "etc/vigie/secrets.env"),
  data: join(root, "var/lib/vigie"),
  /** What Node has compiled, for the service's user: its program folder is read-only. */
  codeCache: join(root, "var/lib/vigie/code-cache"),
  unit: join(root, "etc/systemd/system/vigie.service"),
  settle: join(root, "etc/systemd/system/vigie-settle.service"),
  journal: join(root, "etc/systemd/journald.conf.d/vigie.conf"),
  udev: join(root, "etc/udev/rules.d/60-vigie.rules"),
  command: join(root, "usr/local/bin/vigie"),
});

export type Layout = ReturnType<typeof layout>;

/** The same places as the installed programs name them, without the root of an image. */
export const inside = layout("/");

/** The system user that the service runs as. */
export const USER = "vigie";
