import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Box, must } from "./box.ts";

const CANARY = "canary-9d41e0";

/** Program and service gone, data and site file there. */
export async function uninstall(box: Box): Promise<void> {
  await box.does("vigie", "uninstall");
  const gone = ["opt/vigie", "usr/local/bin/vigie", "etc/systemd/system/vigie.service"];
  for (const path of gone) must(!statSync(join(box.root, path), { throwIfNoEntry: false }), `${path} is still there`);
  for (const path of ["var/lib/vigie/vigie.db", "etc/vigie/gateway.yaml"])
    must(statSync(join(box.root, path)).size > 0, `${path} is gone`);
  must((await box.tries("systemctl", "is-active", "vigie")).code !== 0, "the service still runs");
}

/** What docs/deploy.md says to do before a box is handed on: nothing of the owner is found afterwards. */
export async function forget(box: Box): Promise<void> {
  writeFileSync(join(box.root, "etc/vigie/secrets.env"), `MAIL=${CANARY}\n`);
  writeFileSync(join(box.root, "var/lib/vigie/photo"), CANARY);
  const search = async () =>
    (await box.tries("grep", "-rlsF", CANARY, "/etc", "/var", "/opt", "/home", "/usr/local")).out.trim();
  must((await search()).split("\n").length === 2, "the search finds nothing at all");
  await box.does("sh", "-c", "rm -r /var/lib/vigie /etc/vigie && userdel vigie");
  must((await search()) === "", `still there: ${await search()}`);
  must(!/vigie/.test(await box.does("cat", "/etc/passwd", "/etc/group")), "the user is still there");
}
