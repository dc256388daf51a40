import type { Ms } from "../../core/time.ts";
import { addressOf, isPaced, type OpenPipe, serialPipe, tcpPipe } from "../lib/pipe.ts";
import type { ModbusOptions } from "./options.ts";
import type { Cost } from "./plan.ts";
import { realTimer, type Timer } from "./timer.ts";

/** What a bus is made of. */
export interface Copper {
  name: string;
  framing: "rtu" | "tcp";
  open: OpenPipe;
  /** The time of one character; 0 for Modbus TCP. */
  char: Ms;
  /** Whether no byte can come sooner than that: not so behind a serial server, or on a pseudo terminal. */
  paced: boolean;
  /** The silence that ends a frame and must stand before the next. */
  gap: Ms;
  timer: Timer;
}

/** What a serial line or connection of these options is like. */
export interface Pace {
  framing: "rtu" | "tcp";
  /** Time of one character; 0 for Modbus TCP. */
  char: Ms;
  gap: Ms;
}

/** Above 19,200 baud the specification fixes the silence, because computers cannot keep shorter ones. */
const GAP_MIN: Ms = 1.75;
/** Serial servers cut frames into packets; the silence between two parts of a frame is theirs, not the line's. */
const GAP_RTU_TCP: Ms = 5;

export function paceOf(options: Pick<ModbusOptions, "port" | "baud" | "parity" | "stop_bits">): Pace {
  const bits = 1 + 8 + (options.parity === "none" ? 0 : 1) + options.stop_bits;
  const char = (bits * 1000) / options.baud;
  if (options.port.startsWith("tcp://")) return { framing: "tcp", char: 0, gap: 0 };
  if (options.port.startsWith("rtu+tcp://")) return { framing: "rtu", char, gap: Math.max(GAP_RTU_TCP, 3.5 * char) };
  return { framing: "rtu", char, gap: Math.max(GAP_MIN, 3.5 * char) };
}

/** What slaves commonly take from question to answer; only plans and budgets use it. */
export const TURNAROUND: Ms = 5;
/** A round trip and its handling on a local network. */
const TCP_REQUEST: Ms = 2;

/** Wire time of a request and of each register in it. */
export const costOf = ({ framing, char, gap }: Pace): Cost =>
  framing === "tcp"
    ? { request: TCP_REQUEST, register: 0.002 }
    : { request: 13 * char + 2 * gap + TURNAROUND, register: 2 * char };

export function copperOf(name: string, options: ModbusOptions, now: () => Ms): Copper {
  const pace = paceOf(options);
  const timer = realTimer(now);
  const address = addressOf(options.port);
  if (address) return { name, ...pace, paced: false, open: tcpPipe(address.host, address.port), timer };
  const settings = { baud: options.baud, parity: options.parity, stopBits: options.stop_bits };
  const open: Copper["open"] = async (events, signal) => {
    copper.paced = await isPaced(options.port);
    return serialPipe(options.port, settings)(events, signal);
  };
  const copper: Copper = { name, ...pace, paced: true, open, timer };
  return copper;
}
