import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = "/sys/fs/cgroup";
const PERIOD = 100_000;

/** A control group of so much memory and so many cores, in whichever version of cgroups this kernel has. Needs root. */
export class Group {
  readonly #memory: string;
  readonly #cpu: string;
  readonly #old = existsSync(join(ROOT, "memory"));

  constructor(name: string, limits: { bytes: number; cores: number }) {
    [this.#memory, this.#cpu] = this.#old
      ? [join(ROOT, "memory", name), join(ROOT, "cpu", name)]
      : [join(ROOT, name), join(ROOT, name)];
    if (!this.#old) writeFileSync(join(ROOT, "cgroup.subtree_control"), "+memory +cpu");
    for (const folder of this.#folders) if (!existsSync(folder)) mkdirSync(folder);
    writeFileSync(join(this.#memory, this.#old ? "memory.limit_in_bytes" : "memory.max"), String(limits.bytes));
    if (!this.#old) writeFileSync(join(this.#memory, "memory.swap.max"), "0");
    this.allow(limits.cores);
  }

  get #folders(): string[] {
    return [...new Set([this.#memory, this.#cpu])];
  }

  allow(cores: number): void {
    const quota = Math.round(cores * PERIOD);
    if (this.#old) {
      writeFileSync(join(this.#cpu, "cpu.cfs_period_us"), String(PERIOD));
      writeFileSync(join(this.#cpu, "cpu.cfs_quota_us"), String(quota));
    } else writeFileSync(join(this.#cpu, "cpu.max"), `${quota} ${PERIOD}`);
  }

  /** From here on this process, and what it starts, is charged. */
  enter(pid: number): void {
    for (const folder of this.#folders) writeFileSync(join(folder, "cgroup.procs"), String(pid));
  }

  leave(pid: number): void {
    for (const folder of this.#folders) writeFileSync(join(folder, "..", "cgroup.procs"), String(pid));
  }

  get charged(): number {
    return Number(readFileSync(join(this.#memory, this.#old ? "memory.usage_in_bytes" : "memory.current"), "utf8"));
  }

  /** Processes that the kernel killed because the group had no memory left. */
  get killed(): number {
    const file = join(this.#memory, this.#old ? "memory.oom_control" : "memory.events");
    return Number(/^oom_kill (\d+)/m.exec(readFileSync(file, "utf8"))?.[1] ?? 0);
  }

  /** In how many periods it wanted more than it may have. */
  get throttled(): string {
    const stat = readFileSync(join(this.#cpu, "cpu.stat"), "utf8");
    const field = (name: string) => new RegExp(`^${name} (\\d+)`, "m").exec(stat)?.[1] ?? "?";
    return `throttled in ${field("nr_throttled")} of ${field("nr_periods")} periods of 100 ms`;
  }

  remove(): void {
    try {
      for (const folder of this.#folders) rmdirSync(folder);
    } catch {
      // Its last process is still on its way out; an empty group costs nothing.
    }
  }
}
