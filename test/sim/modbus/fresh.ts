import type { Ms } from "../../../gateway/core/time.ts";
import { paceOf } from "../../../gateway/drivers/modbus/copper.ts";
import type { Profile } from "../../../gateway/drivers/modbus/profile.ts";
import { type Found, factoryRounds, scan, type Voice } from "../../../gateway/drivers/modbus/scan.ts";
import { type Session, sessionOn } from "../../../gateway/drivers/modbus/session.ts";
import { answer, type Registers } from "../../../gateway/simulate/slave.ts";
import { allProfiles } from "./device.ts";
import { InProcessWire, sealed, VirtualTimer } from "./wire.ts";

/** What slow slaves take from question to answer, and what a serial port takes to open. */
const TURNAROUND: Ms = 50;
const OPENING: Ms = 300;

/**
 * What `vigie scan` finds in its first minute on a serial line with one device in factory settings: with the pace of its characters, in
 * virtual time. Nobody hears who speaks at another rate, with another parity, or to another id.
 */
export async function firstMinute(
  { defaults }: Pick<Profile, "defaults">,
  registers: Registers,
  refusal: "says so" | "silent" = "says so",
): Promise<{ found: Found | undefined; after: Ms }> {
  const timer = new VirtualTimer();
  const rounds = factoryRounds(allProfiles);
  // Opened beforehand: the codec is loaded in real time.
  const sessions = new Map<Voice, Session>();
  for (const { voice } of rounds) {
    const pace = paceOf({ port: "/dev/x", ...voice });
    const wire = new InProcessWire(timer, pace.char);
    const { baud, parity, stop_bits } = defaults;
    const isHeard = voice.baud === baud && voice.parity === parity && voice.stop_bits === stop_bits;
    wire.behave = (frame) => {
      const said = rtuAnswer(registers, frame);
      const isMute = refusal === "silent" && ((said[1] ?? 0) & 0x80) !== 0;
      return isHeard && !isMute && frame[0] === defaults.slave ? { delay: TURNAROUND, chunks: [said] } : undefined;
    };
    sessions.set(voice, await sessionOn({ name: "fresh", ...pace, paced: true, open: wire.open, timer }));
  }
  const looking = scan(rounds, {
    open: async (voice) => {
      await new Promise<void>((resolve) => void timer.after(OPENING, resolve));
      const session = sessions.get(voice);
      if (!session) throw new Error("a voice that no round has");
      return session;
    },
    profiles: allProfiles,
    progress: () => undefined,
    heard: () => undefined,
    signal: new AbortController().signal,
  });
  const { value, done } = await timer.run(looking.next());
  const after = timer.now();
  await Promise.all([...sessions.values()].map((session) => session.close()));
  return { found: done ? undefined : value, after };
}

function rtuAnswer(registers: Registers, frame: Buffer): Buffer {
  const pdu = answer(registers, frame.subarray(1, -2));
  return sealed(Buffer.concat([frame.subarray(0, 1), pdu, Buffer.alloc(2)]));
}
