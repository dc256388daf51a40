import { join } from "node:path";

/** Where an installed gateway lives. `root` is `/`, or another folder for an image that is being built. */
export const layout = (root: string) => ({
  /** One folder per version; `current` points at the one that runs. */
  releases: join(root, "opt/vigie/releases"),
  current: join(root, "opt/vigie/current"),
  config: join(root, "etc/vigie"),
  site: join(root, "etc/vigie/gateway.yaml"),
  secrets: join(root, "etc/vigie/secrets.env"),
  data: join(root, "var/lib/vigie"),
  unit: join(root, "etc/systemd/system/vigie.service"),
  journal: join(root, "etc/systemd/journald.conf.d/vigie.conf"),
  udev: join(root, "etc/udev/rules.d/60-vigie.rules"),
  command: join(root, "usr/local/bin/vigie"),
});

export type Layout = ReturnType<typeof layout>;

/** The same places as the installed programs name them, without the root of an image. */
export const inside = layout("/");

/** The system user that the service runs as. */
export const USER = "vigie";
