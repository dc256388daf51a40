import { parseArgs } from "node:util";
import { say } from "../cli.ts";
import { clock } from "../clock.ts";
import { Fault } from "../core/fault.ts";
import { type Guess, guesses, isLikely } from "../drivers/modbus/guess.ts";
import { isBits, type Table, tables } from "../drivers/modbus/profile.ts";
import { readOf } from "../drivers/modbus/question.ts";
import { openSession, type Session } from "../drivers/modbus/session.ts";

export const summary = {
  fr: "lit des registres et montre toutes les façons de les comprendre",
  en: "reads registers and shows every way to understand them",
};

export const usage = {
  fr: `Usage : vigie read --port P --slave 1 --at 0 [options]

Montre chaque façon de comprendre ces registres : type, ordre des octets, adresse décalée d'un.

      --port P            /dev/serial/by-id/…, tcp://hôte:502 ou rtu+tcp://hôte:4001
      --slave N           adresse de l'appareil (1)
      --at N              premier registre, comme dans la notice
      --count N           combien (8)
      --table T           holding, input, coil ou discrete (holding)
      --expect 230.2      la valeur que l'appareil affiche : les lectures qui la donnent d'abord
      --baud, --parity, --stop-bits   réglages de la ligne (9600, none, 1)
      --json              pour un programme`,
  en: `Usage: vigie read --port P --slave 1 --at 0 [options]

Shows every way to understand these registers: type, byte order, address off by one.

      --port P            /dev/serial/by-id/…, tcp://host:502 or rtu+tcp://host:4001
      --slave N           the device's id (1)
      --at N              first register, as in its manual
      --count N           how many (8)
      --table T           holding, input, coil or discrete (holding)
      --expect 230.2      the value on the device's own screen: readings that give it come first
      --baud, --parity, --stop-bits   settings of the line (9600, none, 1)
      --json              for a program`,
};

const options = {
  port: { type: "string" },
  slave: { type: "string", default: "1" },
  at: { type: "string" },
  count: { type: "string", default: "8" },
  table: { type: "string", default: "holding" },
  baud: { type: "string", default: "9600" },
  parity: { type: "string", default: "none" },
  "stop-bits": { type: "string", default: "1" },
  expect: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

const SHOWN = 12;

/** Reads one register more on either side, because data sheets count from 0 or from 1 and do not say which. */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options });
  const table = tables.find((known) => known === values.table);
  const [slave, at, count] = [values.slave, values.at, values.count].map(Number);
  const parity = (["none", "even", "odd"] as const).find((known) => known === values.parity);
  const whole = [slave, at, count].every((n) => Number.isInteger(n));
  if (!values.port || !table || !parity || slave === undefined || at === undefined || count === undefined || !whole) {
    console.error(say(usage));
    return 2;
  }
  const stop_bits = values["stop-bits"] === "2" ? 2 : 1;
  let session: Session | undefined;
  try {
    session = await openSession({ port: values.port, baud: Number(values.baud), parity, stop_bits }, () =>
      clock.monotonic(),
    );
    const read = await readAround(session, { slave, table, at, count });
    if (isBits(table)) showBits(read.bytes, read.at, read.count);
    else
      show(guesses(read.bytes, read.at, values.expect === undefined ? undefined : Number(values.expect)), values.json);
    return 0;
  } finally {
    await session?.close();
  }
}

interface Wanted {
  slave: number;
  table: Table;
  at: number;
  count: number;
}

async function readAround(session: Session, { slave, table, at, count }: Wanted) {
  const from = Math.max(0, at - 1);
  const wide = { at: from, count: Math.min(125, count + 1 + at - from) };
  for (const place of [wide, { at, count }]) {
    try {
      return { ...(await session.ask(readOf(slave, table, place.at, place.count))), ...place };
    } catch (error) {
      // A device may refuse the neighbours; then the registers alone will do.
      if (!(error instanceof Fault) || error.code !== "refused" || place !== wide) throw error;
    }
  }
  throw new Fault("refused", "refused");
}

function showBits(bytes: Buffer, at: number, count: number): void {
  for (let i = 0; i < count; i++) console.log(`${at + i}: ${((bytes[i >> 3] ?? 0) >> (i & 7)) & 1}`);
}

function show(all: readonly Guess[], json: boolean): void {
  if (json) {
    console.log(JSON.stringify(all, null, 2));
    return;
  }
  const ranked = all[0]?.off !== undefined;
  const likely = ranked ? all.filter(isLikely).slice(0, SHOWN) : all;
  if (ranked && likely.length === 0)
    console.log(
      say({
        fr: "Rien n'approche cette valeur ; les plus proches :",
        en: "Nothing comes near that value; the closest:",
      }),
    );
  const lines = likely.length > 0 ? likely : all.slice(0, SHOWN);
  const rows = lines.map((g) => [
    `at: ${g.at}`,
    `type: ${g.type}`,
    `order: ${g.order}`,
    ...(g.scale === 1 ? [] : [`scale: ${g.scale}`]),
  ]);
  const width = Math.max(...rows.map((row) => row.join(", ").length));
  for (const [i, row] of rows.entries()) {
    const guess = lines[i];
    if (guess)
      console.log(`{ ${row.join(", ")} }`.padEnd(width + 6) + Number((guess.value * guess.scale).toPrecision(9)));
  }
}
