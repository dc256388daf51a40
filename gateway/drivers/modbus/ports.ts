import { readdir, readFile, readlink, realpath } from "node:fs/promises";
import { join } from "node:path";

/** An adapter, by the name to write into a site file: the one that stays the same over a re-plug. */
export interface PortSeen {
  readonly path: string;
  /** The device node that it leads to now. */
  readonly node: string;
  /** Programs that have it open, as `name (pid)`. */
  readonly heldBy: readonly string[];
  /** The name changes with the order of plugging: there is no better one. */
  readonly unstable: boolean;
}

export interface Roots {
  dev: string;
  proc: string;
  sys: string;
}

const real: Roots = { dev: "/dev", proc: "/proc", sys: "/sys" };

/**
 * All serial adapters. By id where the adapter has a serial number of its own, else by the socket it is plugged into; two cheap ones
 * without a number share their by-id name, so that only by-path tells them apart.
 */
export async function listPorts(roots: Roots = real): Promise<PortSeen[]> {
  const [ids, paths, nodes, holders] = await Promise.all([
    links(join(roots.dev, "serial/by-id")),
    links(join(roots.dev, "serial/by-path")),
    bareNodes(roots),
    holdersOf(roots),
  ]);
  const all = [...new Set([...ids.values(), ...paths.values(), ...nodes])].sort();
  return all.map((node) => {
    const stable = nameFor(ids, node) ?? nameFor(paths, node);
    return { path: stable ?? node, node, heldBy: holders.get(node) ?? [], unstable: stable === undefined };
  });
}

const nameFor = (names: ReadonlyMap<string, string>, node: string): string | undefined =>
  [...names].find(([, target]) => target === node)?.[0];

async function links(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const name of await entries(folder)) {
    const path = join(folder, name);
    const target = await realpath(path).catch(() => undefined);
    if (target) found.set(path, target);
  }
  return found;
}

/** Device nodes that can be adapters; of the many `ttyS` only those behind which there is a chip. */
async function bareNodes(roots: Roots): Promise<string[]> {
  const found: string[] = [];
  for (const name of await entries(roots.dev)) {
    if (/^tty(USB|ACM|AMA|SC|mxc|O)\d+$/.test(name)) found.push(join(roots.dev, name));
    if (/^ttyS\d+$/.test(name)) {
      const type = await readFile(join(roots.sys, "class/tty", name, "type"), "utf8").catch(() => "0");
      if (type.trim() !== "0") found.push(join(roots.dev, name));
    }
  }
  return found;
}

/** Who holds what, from the open files of every process that we may look into. */
async function holdersOf(roots: Roots): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const pid of (await entries(roots.proc)).filter((name) => /^\d+$/.test(name))) {
    const folder = join(roots.proc, pid, "fd");
    for (const fd of await entries(folder)) {
      const target = await readlink(join(folder, fd)).catch(() => "");
      if (!target.includes("/tty")) continue;
      const name = await readFile(join(roots.proc, pid, "comm"), "utf8").catch(() => "?");
      const holder = `${name.trim()} (${pid})`;
      const known = found.get(target) ?? [];
      if (!known.includes(holder)) found.set(target, [...known, holder]);
    }
  }
  return found;
}

/** A folder that is not there, or not ours to read, has nothing in it. */
const entries = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
