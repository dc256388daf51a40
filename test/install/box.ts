import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually } from "../sim/gateway.ts";

const run = promisify(execFile);
const PACKAGES = [
  "systemd",
  "systemd-sysv",
  "udev",
  "openssl",
  "libstdc++6",
  "passwd",
  "util-linux",
  "iproute2",
  "socat",
];

/** A fresh Debian with nothing but what a Raspberry Pi's image has too. */
export function makeRoot(folder: string): string {
  const root = join(folder, "debian");
  const args = [
    "--variant=minbase",
    `--include=${PACKAGES.join(",")}`,
    "bookworm",
    root,
    "http://deb.debian.org/debian",
  ];
  execFileSync("debootstrap", args, { stdio: ["ignore", "ignore", "inherit"] });
  // There is no terminal to sign in at.
  execFileSync("systemctl", ["--root", root, "mask", "console-getty.service", "getty@tty1.service"], {
    stdio: "ignore",
  });
  writeFileSync(join(root, "etc/machine-id"), "");
  return root;
}

export function must(true_: boolean, what: string): void {
  if (!true_) throw new Error(what);
}

interface Said {
  code: number;
  out: string;
}

/** A computer of its own on this kernel: systemd as process 1 in the namespaces of test/install/boot.sh. */
export class Box {
  readonly root: string;
  #launcher: ChildProcess | undefined;
  #init = 0;

  constructor(root: string) {
    this.root = root;
  }

  /** Switches it on; resolves when systemd has started what it starts. */
  async boot(): Promise<void> {
    const group = join(unified(), `vigie-install-${process.pid}`);
    mkdirSync(group, { recursive: true });
    const script = join(import.meta.dirname, "boot.sh");
    const namespaces = ["--pid", "--mount", "--uts", "--ipc", "--net", "--cgroup", "--fork", "--kill-child"];
    // The shell enters the control group first, so that the new cgroup namespace has its root there.
    const enter = 'echo $$ > "$0/cgroup.procs"; exec unshare "$@"';
    this.#launcher = spawn("sh", ["-c", enter, group, ...namespaces, "sh", script, this.root], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    // Its process 1 dies with it, and everything in the box with that.
    process.once("exit", () => this.#launcher?.kill("SIGKILL"));
    const { pid } = this.#launcher;
    this.#init = await eventually(
      () => childOf(pid ?? 0),
      5_000,
      () => "no process 1",
    );
    await eventually(
      async () => {
        const { out } = await this.tries("systemctl", "is-system-running", "--wait");
        return /running|degraded/.test(out) || undefined;
      },
      60_000,
      () => "systemd did not come up",
    );
  }

  /** Pulls the plug: every process is gone at once, nothing is told to stop. */
  async cut(): Promise<void> {
    const launcher = this.#launcher;
    this.#launcher = undefined;
    if (!launcher || launcher.exitCode !== null) return;
    const gone = once(launcher, "exit");
    process.kill(this.#init, "SIGKILL");
    await gone;
    const group = join(unified(), `vigie-install-${process.pid}`);
    // Its sub-groups go with their last process; the name is used again at the next boot.
    await eventually(() => (emptied(group) ? true : undefined), 5_000).catch(() => undefined);
  }

  /** Runs a program on the box, whatever it answers. */
  async tries(program: string, ...args: string[]): Promise<Said> {
    const inside = ["-t", String(this.#init), "-m", "-u", "-i", "-n", "-p", "-C"];
    const clean = ["env", "-i", "LANG=C.UTF-8", "HOME=/root", "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"];
    try {
      const { stdout, stderr } = await run("nsenter", [...inside, ...clean, program, ...args], { maxBuffer: 1 << 24 });
      return { code: 0, out: stdout + stderr };
    } catch (error) {
      if (!(error instanceof Error) || !("stdout" in error) || !("stderr" in error)) throw error;
      return { code: "code" in error ? Number(error.code) : 1, out: `${error.stdout}${error.stderr}` };
    }
  }

  /** Runs a program on the box that has to succeed; resolves to what it printed. */
  async does(program: string, ...args: string[]): Promise<string> {
    const { code, out } = await this.tries(program, ...args);
    if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}:\n${out}`);
    return out;
  }

  /** `vigie …` as the service's user. */
  asVigie(...args: string[]): Promise<string> {
    return this.does("runuser", "-u", "vigie", "--", "vigie", ...args);
  }

  /** How many points have a good value, as the gateway on the box says itself. */
  async good(): Promise<number | undefined> {
    const { out } = await this.tries("vigie", "healthcheck");
    return Number(/"good":(\d+)/.exec(out)?.[1] ?? Number.NaN) || undefined;
  }
}

/** Where cgroup version 2 is mounted: alone, or beside version 1. */
function unified(): string {
  const row = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .find((line) => / cgroup2 /.test(line));
  const place = row?.split(" ")[1];
  if (!place || !existsSync(place)) throw new Error("this kernel has no cgroup2 mounted: systemd cannot run in a box");
  return place;
}

function childOf(pid: number): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]) || undefined;
  } catch {
    return undefined;
  }
}

function emptied(group: string): boolean {
  try {
    execFileSync("find", [group, "-depth", "-type", "d", "-delete"], { stdio: "ignore" });
    rmdirSync(group);
    return true;
  } catch {
    return !existsSync(group);
  }
}
