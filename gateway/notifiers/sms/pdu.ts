import { packed, septets, transliterated, unpacked } from "./gsm7.ts";

/** SMS as modems speak it in PDU mode (3GPP TS 23.040). One message, never a chain of them. */
export interface Submit {
  /** Hexadecimal, with an empty SMSC in front: the SIM knows its own. */
  readonly pdu: string;
  /** Octets without the SMSC field, as `AT+CMGS=` wants them. */
  readonly length: number;
}

export type Incoming =
  | { readonly kind: "message"; readonly from: string; readonly text: string }
  | { readonly kind: "report"; readonly reference: number; readonly fate: "arrived" | "waiting" | "lost" };

export type Encoding = "gsm7" | "ucs2";

const MOST = { gsm7: 160, ucs2: 70 } as const;
const SUBMIT_WITH_REPORT = 0x31;
const VALID_FOR_A_DAY = 0xa7;

/** A message ready to be handed to a modem. Too long a text is cut; its last word (the code) is kept. */
export function submit(to: string, text: string, encoding: Encoding): Submit {
  const data = encoding === "gsm7" ? gsm7Data(text) : ucs2Data(text);
  const bytes = Buffer.concat([
    Buffer.from([SUBMIT_WITH_REPORT, 0]),
    address(to),
    Buffer.from([0, encoding === "gsm7" ? 0x00 : 0x08, VALID_FOR_A_DAY]),
    data,
  ]);
  return { pdu: `00${bytes.toString("hex").toUpperCase()}`, length: bytes.length };
}

function gsm7Data(text: string): Buffer {
  const codes = septets(fitted(transliterated(text), MOST.gsm7, (words) => septets(words).length));
  return Buffer.concat([Buffer.from([codes.length]), packed(codes)]);
}

function ucs2Data(text: string): Buffer {
  const data = Buffer.from(
    fitted(text, MOST.ucs2, (words) => words.length),
    "utf16le",
  ).swap16();
  return Buffer.concat([Buffer.from([data.length]), data]);
}

/** Cut in the middle, before the last word. */
export function fitted(text: string, most: number, length: (words: string) => number): string {
  if (length(text) <= most) return text;
  const at = text.lastIndexOf(" ");
  const tail = at > 0 && text.length - at <= 12 ? text.slice(at) : "";
  let head = text.slice(0, text.length - tail.length);
  while (head.length > 0 && length(`${head}...${tail}`) > most) head = head.slice(0, -1);
  return `${head}...${tail}`;
}

function address(number: string): Buffer {
  const digits = number.replace(/\D/g, "");
  const even = digits.length % 2 === 0 ? digits : `${digits}F`;
  const swapped = even.replace(/(.)(.)/g, "$2$1");
  return Buffer.concat([
    Buffer.from([digits.length, number.startsWith("+") ? 0x91 : 0x81]),
    Buffer.from(swapped, "hex"),
  ]);
}

/** Reads a message or a delivery report; undefined for what is neither, or damaged. */
export function incoming(hex: string): Incoming | undefined {
  const bytes = Buffer.from(hex, "hex");
  if (bytes.length * 2 !== hex.length || bytes.length < 2) return undefined;
  try {
    return parsed(new Cursor(bytes));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function parsed(from: Cursor): Incoming | undefined {
  from.skip(from.byte());
  const first = from.byte();
  const kind = first & 0x03;
  if (kind === 2) {
    const reference = from.byte();
    from.number();
    from.skip(14);
    return { kind: "report", reference, fate: fateOf(from.byte()) };
  }
  if (kind !== 0) return undefined;
  const sender = from.number();
  from.skip(1);
  const coding = from.byte();
  from.skip(7);
  const length = from.byte();
  const data = from.rest();
  const header = (first & 0x40) !== 0 ? (data[0] ?? 0) + 1 : 0;
  return { kind: "message", from: sender, text: textOf(data, length, coding, header) };
}

/** TP-Status, 3GPP TS 23.040 §9.2.3.15: below 0x20 it has arrived, below 0x40 the network still tries. */
const fateOf = (status: number): "arrived" | "waiting" | "lost" =>
  status < 0x20 ? "arrived" : status < 0x40 ? "waiting" : "lost";

function textOf(data: Buffer, length: number, coding: number, header: number): string {
  const alphabet = coding & 0x0c;
  if (alphabet === 0x08) {
    const words = data.subarray(header, length);
    return Buffer.from(words.subarray(0, words.length & ~1))
      .swap16()
      .toString("utf16le");
  }
  if (alphabet === 0x04) return data.subarray(header, length).toString("latin1");
  if (data.length < Math.floor((length * 7) / 8)) throw new RangeError("cut off");
  return unpacked(data, length, Math.ceil((header * 8) / 7));
}

class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#at++);
  }

  skip(count: number): void {
    if (this.#at + count > this.#bytes.length) throw new RangeError("cut off");
    this.#at += count;
  }

  rest(): Buffer {
    return this.#bytes.subarray(this.#at);
  }

  /** An address: a telephone number, or letters where a service sends under a name. */
  number(): string {
    const digits = this.byte();
    const type = this.byte();
    const bytes = this.#bytes.subarray(this.#at, this.#at + Math.ceil(digits / 2));
    this.skip(Math.ceil(digits / 2));
    if ((type & 0x70) === 0x50) return unpacked(bytes, Math.floor((digits * 4) / 7));
    const swapped = bytes
      .toString("hex")
      .replace(/(.)(.)/g, "$2$1")
      .slice(0, digits);
    return `${(type & 0x70) === 0x10 ? "+" : ""}${swapped}`;
  }
}
