import { SerialPort } from "serialport";
import { unpacked } from "../../gateway/notifiers/sms/gsm7.ts";
import { incoming } from "../../gateway/notifiers/sms/pdu.ts";

/** What a modem was given to send, read back from its PDU. */
export interface Sent {
  to: string;
  text: string;
  pdu: string;
  length: number;
}

/** A 4G modem on the far end of a pseudo terminal: answers as its manual says, and misbehaves on request. */
export class FakeModem {
  readonly sent: Sent[] = [];
  readonly asked: string[] = [];
  /** SMS that lie on the card. */
  readonly stored = new Map<number, string>();
  registered = true;
  /** An SMS to this number comes back to the modem, as it would through the network. */
  own: string | undefined;
  pin: string | undefined;
  /** Answers of the next sends, as `+CMS ERROR: 38`; then it works again. */
  failures: string[] = [];
  /** Says nothing at all. */
  dead = false;
  /** Answers in pieces of so many bytes. */
  pieces = Number.POSITIVE_INFINITY;
  readonly #port: SerialPort;
  #rest = "";
  #awaiting: number | undefined;
  #reference = 0;
  #index = 0;

  private constructor(port: SerialPort) {
    this.#port = port;
    port.on("data", (bytes: Buffer) => this.#take(bytes.toString("latin1")));
  }

  static async open(path: string): Promise<FakeModem> {
    const port = new SerialPort({ path, baudRate: 115_200, autoOpen: false });
    await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve())));
    return new FakeModem(port);
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#port.close(() => resolve()));
  }

  /** Somebody sends an SMS: it lies on the card, and the modem says so. */
  receive(from: string, text: string): void {
    this.stored.set(++this.#index, deliverPdu(from, text));
    this.say(`+CMTI: "SM",${this.#index}`);
  }

  /** The network says that a message has reached its telephone. */
  report(reference: number, status = "00"): void {
    const ref = reference.toString(16).padStart(2, "0");
    this.say(`+CDS: 25\r\n0006${ref}0B913316325476F8${"62203021000000".repeat(2)}${status}`);
  }

  say(line: string): void {
    if (this.dead) return;
    const bytes = Buffer.from(`\r\n${line}\r\n`, "latin1");
    for (let at = 0; at < bytes.length; at += this.pieces) this.#port.write(bytes.subarray(at, at + this.pieces));
  }

  #take(text: string): void {
    this.#rest += text;
    for (;;) {
      const end = this.#awaiting === undefined ? this.#rest.indexOf("\r") : this.#rest.search(/[\x1a\x1b]/);
      if (end < 0) return;
      const [said, close] = [this.#rest.slice(0, end), this.#rest[end]];
      this.#rest = this.#rest.slice(end + 1);
      if (this.#awaiting === undefined) this.#command(said.replace(/[\n\x1b]/g, "").trim());
      else this.#body(said, close === "\x1a");
    }
  }

  #body(pdu: string, send: boolean): void {
    const length = this.#awaiting ?? 0;
    this.#awaiting = undefined;
    const failure = this.failures.shift();
    if (!send) return;
    if (failure !== undefined) this.say(failure);
    else {
      this.sent.push({ ...readSubmit(pdu), pdu, length });
      this.say(`+CMGS: ${++this.#reference}`);
      this.say("OK");
      const last = this.sent.at(-1);
      if (last && last.to === this.own) this.receive(last.to, last.text);
    }
  }

  #command(command: string): void {
    if (command === "") return;
    this.asked.push(command);
    if (this.dead) return;
    const prompt = /^AT\+CMGS=(\d+)$/.exec(command);
    if (prompt) {
      this.#awaiting = Number(prompt[1]);
      this.#port.write("\r\n> ");
      return;
    }
    for (const line of this.#answer(command)) this.say(line);
  }

  #answer(command: string): string[] {
    const [, index = ""] = /^AT\+CMG[RD]=(\d+)$/.exec(command) ?? [];
    if (command === "AT+CPIN?") return [this.pin === undefined ? "+CPIN: READY" : "+CPIN: SIM PIN", "OK"];
    if (command.startsWith("AT+CPIN=")) {
      if (command !== `AT+CPIN="${this.pin}"`) return ["+CME ERROR: 16"];
      this.pin = undefined;
      return ["OK"];
    }
    if (command === "AT+CEREG?") return [`+CEREG: 0,${this.registered ? 1 : 2}`, "OK"];
    if (command === "AT+CREG?") return ["+CREG: 0,2", "OK"];
    if (command.startsWith("AT+CMGR=")) {
      const pdu = this.stored.get(Number(index));
      return pdu === undefined ? ["+CMS ERROR: 321"] : [`+CMGR: 0,,${pdu.length / 2 - 1}`, pdu, "OK"];
    }
    if (command.startsWith("AT+CMGD=")) {
      this.stored.delete(Number(index));
      return ["OK"];
    }
    if (command === "AT+CMGL=4")
      return [...[...this.stored].flatMap(([i, pdu]) => [`+CMGL: ${i},0,,${pdu.length / 2 - 1}`, pdu]), "OK"];
    return /^AT(E0|\+CMEE=1|\+CMGF=0|\+CNMI=2,1,0,1,0|\+CFUN=1,1)?$/.test(command) ? ["OK"] : ["ERROR"];
  }
}

const nibbles = (hex: string) => hex.replace(/(.)(.)/g, "$2$1");

/** Reads a SUBMIT with code that shares nothing with the code that wrote it but the alphabet. */
function readSubmit(pdu: string): { to: string; text: string } {
  const at = (i: number) => Number.parseInt(pdu.slice(2 * i, 2 * i + 2), 16);
  const digits = at(3);
  const octets = Math.ceil(digits / 2);
  const number = nibbles(pdu.slice(10, 10 + 2 * octets)).slice(0, digits);
  const coding = at(6 + octets);
  const data = Buffer.from(pdu.slice(2 * (9 + octets)), "hex");
  const text = coding === 8 ? Buffer.from(data).swap16().toString("utf16le") : unpacked(data, at(8 + octets));
  return { to: (at(4) === 0x91 ? "+" : "") + number, text };
}

/** A DELIVER in UCS-2, as from a telephone. */
function deliverPdu(from: string, text: string): string {
  const digits = from.replace(/\D/g, "");
  const even = digits.length % 2 === 0 ? digits : `${digits}F`;
  const data = Buffer.from(text, "utf16le").swap16().toString("hex");
  const hex2 = (n: number) => n.toString(16).padStart(2, "0");
  const pdu = `0004${hex2(digits.length)}${from.startsWith("+") ? "91" : "81"}${nibbles(even)}0008${"62203021000000"}${hex2(data.length / 2)}${data}`;
  if (incoming(pdu)?.kind !== "message") throw new Error("the simulator made no message");
  return pdu.toUpperCase();
}
