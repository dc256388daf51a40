import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import type { AddressInfo, Server } from "node:net";
import { basename, join } from "node:path";
import { parse } from "yaml";
import {
  isBits,
  type Profile,
  profileSchema,
  type SignalFields,
  wordsOf,
} from "../../../gateway/drivers/modbus/profile.ts";
import { writeRaw } from "../../../gateway/drivers/modbus/raw.ts";
import { Registers, serve } from "../../../gateway/simulate/slave.ts";
import { profiles as folder } from "./driver.ts";

/** Every shipped profile by its name. */
export const allProfiles: ReadonlyMap<string, Profile> = new Map(
  readdirSync(folder)
    .filter((file) => file.endsWith(".yaml") && !file.startsWith("teleinfo-"))
    .map((file) => [basename(file, ".yaml"), profileSchema.parse(parse(readFileSync(join(folder, file), "utf8")))]),
);

/**
 * The registers of a healthy device of that profile: only what its map names, everything else is refused. `worked`: it has been running
 * and its counters have counted; else everything that a profile expects nothing of is 0, as on a device out of its box.
 */
export function healthyDevice(profile: Profile, { worked = false, slave = profile.defaults.slave } = {}): Registers {
  const registers = new Registers();
  const tables = {
    coil: registers.coils,
    discrete: registers.discrete,
    holding: registers.holding,
    input: registers.input,
  };
  const put = (table: keyof typeof tables, at: number, bytes: Buffer) => {
    for (let i = 0; i < bytes.length; i += 2) tables[table].set(at + i / 2, bytes.readUInt16BE(i));
  };
  for (const signal of Object.values(profile.signals)) {
    const table = signal.table ?? profile.read.table;
    if (!table || signal.at === undefined || signal.type === undefined || signal.type === "ascii") continue;
    const at = signal.at - profile.read.base;
    if (isBits(table)) {
      tables[table].set(at, worked ? at & 1 : 0);
      continue;
    }
    const [low, high] = signal.expect ?? (worked ? usual(signal) : [0, 0]);
    const raw = ((low + high) / 2 - (signal.offset ?? 0)) / (signal.scale ?? 1);
    const bytes = Buffer.alloc(2 * wordsOf[signal.type]);
    writeRaw(
      signal.type,
      signal.order ?? profile.read.order,
      signal.type.startsWith("f") ? raw : Math.max(0, Math.round(raw)),
      bytes,
      0,
    );
    put(table, at, bytes);
  }
  for (const { table, at, type, words = 1, equals, between } of profile.identify ?? []) {
    if (isBits(table)) tables[table].set(at, tables[table].get(at) ?? 0);
    else if (type === "ascii") put(table, at, Buffer.from(String(equals).padEnd(2 * words, "\0")));
    else tables[table].set(at, Number(equals === "slave" ? slave : (equals ?? between?.[1] ?? 0)));
  }
  if (profile.write_id) registers.holding.set(profile.write_id.at, slave);
  return registers;
}

/** What a signal may well say that nothing is expected of: as near to 3 as its range allows. */
const usual = ({ range: [low, high] = [0, 6] }: SignalFields): [number, number] =>
  low < 2 && high > 4 ? [2, 4] : [low + (high - low) / 3, high - (high - low) / 3];

/** Serves slaves until `close`; the port. */
export async function serveSlaves(
  slaves: ReadonlyMap<number, Registers>,
  framing: "tcp" | "rtu",
): Promise<{ port: number; server: Server }> {
  const server = serve(slaves, framing);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, server };
}
