import { statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../sim/gateway.ts";
import type { Box } from "./box.ts";

/** What an installed and running box must look like from outside; each line says what was found. */
export async function checkHardening(box: Box): Promise<string[]> {
  return [
    await exposure(box),
    await ports(box),
    await privileges(box),
    files(box),
    await doctor(box),
    await debuggers(box),
  ];
}

async function exposure(box: Box): Promise<string> {
  const said = await box.does("systemd-analyze", "security", "--no-pager", "vigie");
  const score = Number(/Overall exposure level for vigie\.service: ([\d.]+)/.exec(said)?.[1]);
  if (!(score <= 2)) throw new Error(`exposure ${score}, more than 2.0`);
  return `systemd-analyze security, running: ${score}`;
}

/** docs/security.md, row 38. */
const DOCUMENTED = new Set(["8080", "1883"]);

async function ports(box: Box): Promise<string> {
  const said = await box.does("ss", "-Htulnp");
  const ours = said.split("\n").filter((line) => /"node"|MainThread/.test(line));
  const open = ours.map((line) => /:(\d+)\s/.exec(line)?.[1] ?? "?");
  // The simulated machines are programs of the same runtime, on ports that nobody chose.
  const gateway = (await box.does("systemctl", "show", "-p", "MainPID", "--value", "vigie")).trim();
  const listening = ours
    .filter((line) => line.includes(`pid=${gateway},`))
    .map((line) => /:(\d+)\s/.exec(line)?.[1] ?? "?");
  const extra = listening.filter((port) => !DOCUMENTED.has(port));
  if (listening.length === 0 || extra.length > 0) throw new Error(`listens on ${open.join(", ")}:\n${said}`);
  return `listening: ${[...new Set(listening)].sort().join(", ")}`;
}

async function privileges(box: Box): Promise<string> {
  const gateway = (await box.does("systemctl", "show", "-p", "MainPID", "--value", "vigie")).trim();
  const status = await box.does("cat", `/proc/${gateway}/status`);
  const field = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, "m").exec(status)?.[1];
  if (field("Uid") === "0" || field("NoNewPrivs") !== "1" || !/^0+$/.test(field("CapBnd") ?? "1"))
    throw new Error(`privileges: ${status}`);
  const write = await box.tries(
    "nsenter",
    "-t",
    gateway,
    "-m",
    "runuser",
    "-u",
    "vigie",
    "--",
    "touch",
    "/opt/vigie/x",
  );
  if (write.code === 0) throw new Error("the service could change its own program");
  return `user ${field("Uid")}, no capability, cannot change its program`;
}

/** Node opens a debugger, and with it everything, for whoever sends it a signal; ours is told not to. */
async function debuggers(box: Box): Promise<string> {
  await box.does("systemctl", "kill", "--kill-who=main", "-s", "USR1", "vigie");
  await sleep(1_000);
  const journal = await box.does("journalctl", "-u", "vigie", "--no-pager");
  if (/Debugger listening/.test(journal)) throw new Error("a debugger was opened");
  await eventually(() => box.good(), 30_000);
  return "no debugger on SIGUSR1";
}

function files(box: Box): string {
  const modes = [
    ["etc/vigie/secrets.env", 0o600],
    ["etc/vigie/gateway.yaml", 0o640],
    ["var/lib/vigie", 0o750],
  ] as const;
  for (const [path, most] of modes) {
    const mode = statSync(join(box.root, path)).mode & 0o777;
    if ((mode & ~most) !== 0) throw new Error(`${path}: mode ${mode.toString(8)}`);
  }
  return "secrets 0600, site file 0640, data 0750";
}

async function doctor(box: Box): Promise<string> {
  const { out } = await box.tries("vigie", "doctor");
  const lines = out.trim().split("\n");
  const bad = lines.filter((line) => line.startsWith("✗"));
  if (bad.length > 0 || !/✓ Page/.test(out)) throw new Error(`doctor:\n${out}`);
  return `vigie doctor: ${lines.filter((line) => /^[✓!✗]/.test(line)).length} checks, none bad`;
}
