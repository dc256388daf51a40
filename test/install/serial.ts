import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../sim/gateway.ts";
import { type Box, must } from "./box.ts";

/**
 * The classes of serial ports, with the numbers that Linux has given them for good (Documentation/admin-guide/devices.txt). A
 * kernel without their driver says ENXIO to whoever may open them, and the service is told EPERM where its unit does not allow it.
 */
const SERIAL = { ttyUSB0: [188, 0], ttyACM0: [166, 0], ttyAMA0: [204, 64], ttyS0: [4, 64] } as const;
/** What is on a screen: open to everybody here, and no business of a gateway. */
const FOREIGN = { vcs: [7, 0] } as const;

const PROBE = `const { openSync, closeSync, constants } = require("node:fs");
for (const name of process.argv.slice(2)) {
  try {
    closeSync(openSync("/dev/" + name, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY));
    console.log(name + " opened");
  } catch (error) {
    console.log(name + " " + error.code);
  }
}
`;

/** What the service may open, asked by a unit that is the installed one in everything but its program. */
export async function serialClasses(box: Box): Promise<string> {
  for (const [name, [major, minor]] of Object.entries({ ...SERIAL, ...FOREIGN })) {
    const mode = name in FOREIGN ? "0666" : "0660";
    await box.does("mknod", "-m", mode, `/dev/${name}`, "c", String(major), String(minor));
    await box.does("chgrp", "dialout", `/dev/${name}`);
  }
  const [node, script] = [
    `/opt/vigie/current/node_modules/node-linux-${process.arch}/bin/node`,
    "/usr/local/probe.cjs",
  ];
  const names = [...Object.keys(SERIAL), ...Object.keys(FOREIGN)];
  writeFileSync(join(box.root, script), PROBE);
  const installed = readFileSync(join(box.root, "etc/systemd/system/vigie.service"), "utf8");
  const probing = installed
    .replace(/^Type=.*$/m, "Type=oneshot")
    .replace(/^ExecStart=.*$/m, `ExecStart=${node} ${script} ${names.join(" ")}`)
    .replace(/^(NotifyAccess|WatchdogSec|Restart|RestartSec)=.*\n/gm, "");
  writeFileSync(join(box.root, "etc/systemd/system/probe.service"), probing);
  await box.does("systemctl", "daemon-reload");
  await box.does("systemctl", "start", "probe");
  const journal = await box.does("journalctl", "-u", "probe", "-o", "cat", "--no-pager");
  const said = new Map(names.map((name) => [name, new RegExp(`^${name} (\\w+)$`, "m").exec(journal)?.[1] ?? "?"]));
  for (const [name, answer] of said)
    must(name in FOREIGN === (answer === "EPERM" || answer === "EACCES"), `/dev/${name}: ${answer}`);
  // Without the unit's list it would have come in: so the list is what kept it out.
  const free = await box.does("runuser", "-u", "vigie", "--", node, script, ...Object.keys(FOREIGN));
  must(!/EPERM|EACCES/.test(free), `the probe shows nothing: ${free}`);
  await box.does(
    "sh",
    "-c",
    `rm /etc/systemd/system/probe.service ${script} ${names.map((n) => `/dev/${n}`).join(" ")}`,
  );
  return [...said].map((one) => one.join(" ")).join(", ");
}

const ADAPTER = "/dev/ttyUSB0";

const siteOf = (port: string) => `
site: { id: atelier, name: Atelier, timezone: Europe/Paris, language: fr }
machines: [{ id: laveuse, name: Laveuse }]
drivers:
  - id: ligne-1
    type: modbus
    port: ${port}
    baud: 9600
    timeout: 300ms
    devices: [{ id: compteur, profile: eastron-sdm120, slave: 1, every: 1s, machine: laveuse }]
`;

/**
 * Modbus RTU over a terminal, through the installed unit as it is: socat holds the other end, behind it the simulated washer.
 * The terminal belongs to dialout and to nobody else, as udev has it for an adapter. Pulled out and put back it is read again.
 */
export async function serialLine(box: Box, rtuPort: number): Promise<void> {
  const file = join(box.root, "etc/vigie/gateway.yaml");
  const before = readFileSync(file, "utf8");
  const plugIn = async (unit: string) => {
    const terminal = `pty,rawer,link=${ADAPTER},user=root,group=dialout,mode=0660`;
    await box.does("systemd-run", `--unit=${unit}`, "socat", terminal, `tcp:127.0.0.1:${rtuPort}`);
  };
  // What the gateway itself knows of the machine (its state, its health) is told once a minute.
  const reads = (some: boolean) =>
    eventually(
      async () => ((await box.good()) ?? 0) > 2 === some || undefined,
      40_000,
      () => (some ? "nothing is read from the adapter" : "an adapter that is gone still has values"),
    );
  await plugIn("adapter");
  writeFileSync(file, siteOf(ADAPTER));
  await box.does("systemctl", "restart", "vigie");
  await reads(true);
  await box.does("systemctl", "stop", "adapter");
  await reads(false);
  await plugIn("adapter-again");
  await reads(true);
  await box.does("systemctl", "stop", "adapter-again");
  writeFileSync(file, before);
  await box.does("systemctl", "restart", "vigie");
}
