import type { SerialPort } from "serialport";
import { z } from "zod";
import type { Message } from "../core/alarm.ts";
import { Fault } from "../core/fault.ts";
import type { Series } from "../core/meter.ts";
import type { Fate, Hear } from "../core/notice.ts";
import { type Text, textOf } from "../core/text.ts";
import { MINUTE, type Ms, SECOND } from "../core/time.ts";
import { defineNotifier, type NotifierContext } from "../plugin.ts";
import { Modem, type Wire } from "./sms/modem.ts";
import { incoming, submit } from "./sms/pdu.ts";
import { SelfTest, selfTestSettings } from "./sms/self-test.ts";
import { modemGone, noModem, noNetwork, pinRefused, ready, startedAnew, unread, wantsPin } from "./sms/words.ts";

const options = z.strictObject({
  /** The modem's AT port, best by its name: `/dev/serial/by-id/usb-SimTech…-if02`. */
  port: z.string().min(1),
  baud: z.int().default(115_200),
  /** Tried once per start: three wrong ones lock the card. */
  pin: z
    .string()
    .regex(/^\d{4,8}$/)
    .optional(),
  /** `gsm7`: 160 characters, French without ç and ê. `ucs2`: every letter, 70 characters. */
  encoding: z.enum(["gsm7", "ucs2"]).default("gsm7"),
  /** An SMS to its own number once a week; one that does not come back is an alarm. */
  self_test: selfTestSettings.optional(),
});

type Options = z.output<typeof options>;
type Learned = (message: string, fate: Fate) => void;

const NOT_DELIVERED = {
  fr: "le réseau n'a pas pu le remettre au téléphone",
  en: "the network could not bring it to the telephone",
};

const SEND_WITHIN: Ms = 40 * SECOND;
const LOOK_EVERY: Ms = 30 * SECOND;
const OPEN_AGAIN_AFTER: Ms = 10 * SECOND;
const AGAIN: Text = {
  fr: `, nouvel essai toutes les ${OPEN_AGAIN_AFTER / SECOND} s`,
  en: `, trying again every ${OPEN_AGAIN_AFTER / SECOND} s`,
};
/** So long without a network is an alarm: nobody would be woken. */
const NO_NETWORK_AFTER: Ms = 10 * MINUTE;
const MOST_REPORTS = 200;

/**
 * SMS through a 4G modem on a serial port (AT commands, PDU mode). Needs a cell, no internet. One SMS per message.
 * People answer `OK 4821` or `SH 4821 2h`; answers from numbers that nobody here has are dropped unread.
 */
export default defineNotifier({
  options,
  create(given, context) {
    const line = new Line(given, context);
    return {
      name: context.id,
      listen: (hear: Hear, learned?: Learned) => line.listen(hear, learned),
      deliver: (message: Message, signal: AbortSignal) => line.deliver(message, signal),
      run: (signal: AbortSignal) => line.run(signal),
    };
  },
});

class Line {
  readonly #given: Options;
  readonly #context: NotifierContext;
  readonly #network: Series;
  readonly #heard: Series;
  /** Message ids by the modem's reference number, for delivery reports. */
  readonly #references = new Map<number, string>();
  #hear: Hear = async () => undefined;
  #learned: Learned = () => undefined;
  #modem: Modem | undefined;
  readonly #selfTest: SelfTest | undefined;
  #pinTried = false;
  #networkLost: number | undefined;
  #told = "";
  #reading: Promise<void> = Promise.resolve();

  constructor(given: Options, context: NotifierContext) {
    this.#given = given;
    this.#context = context;
    const labels = { notifier: context.id };
    this.#network = context.meters.gauge("sms_network", "1 while the modem is registered with a network", labels);
    this.#heard = context.meters.counter("sms_received_total", "SMS that came in", labels);
    this.#selfTest = given.self_test && new SelfTest(given.self_test, context, (to, text) => this.#send(to, text));
  }

  listen(hear: Hear, learned: Learned = () => undefined): void {
    this.#hear = hear;
    this.#learned = learned;
  }

  async deliver(message: Message, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#send(message.address, message.short, message.id);
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#keepOpen(signal), this.#selfTest?.run(signal)]);
  }

  /** Keeps the modem open and watches its network, until the signal aborts. */
  async #keepOpen(signal: AbortSignal): Promise<void> {
    const { clock, say, id, site } = this.#context;
    while (!signal.aborted) {
      try {
        await this.#attend(signal);
      } catch (error) {
        this.#network.value = 0;
        const words = textOf(error)[site.language];
        if (!signal.aborted && words !== this.#told) say.error(`${id}: ${words}${AGAIN[site.language]}`);
        this.#told = words;
      }
      await clock.sleep(OPEN_AGAIN_AFTER, signal).catch(() => undefined);
    }
  }

  /** One life of the port: open, prepare, watch; ends when it goes wrong. */
  async #attend(signal: AbortSignal): Promise<void> {
    const { clock, say, id, site } = this.#context;
    const { port, gone } = await opened(this.#given);
    const stop = () => port.close(() => undefined);
    signal.addEventListener("abort", stop, { once: true });
    try {
      const modem = new Modem(wireOf(port), clock, (line, pdu) => this.#unasked(line, pdu));
      await this.#prepare(modem);
      this.#modem = modem;
      // What came while nobody was listening.
      this.#enqueue(() => this.#readStored(modem));
      this.#told = "";
      say.info(`${id}: ${ready(this.#given.port)[site.language]}`);
      while (!signal.aborted) {
        await this.#look(modem);
        await Promise.race([clock.sleep(LOOK_EVERY, signal).catch(() => undefined), gone, modem.dumb]);
      }
    } finally {
      this.#modem = undefined;
      signal.removeEventListener("abort", stop);
      stop();
    }
  }

  async #prepare(modem: Modem): Promise<void> {
    await modem.calm();
    await modem.ask("AT");
    await modem.ask("ATE0");
    await modem.ask("AT+CMEE=1");
    await this.#unlock(modem);
    await modem.ask("AT+CMGF=0");
    await modem.ask("AT+CNMI=2,1,0,1,0");
  }

  async #unlock(modem: Modem): Promise<void> {
    const { lines } = await modem.ask("AT+CPIN?");
    if (lines.some((line) => line.includes("READY"))) return;
    const { pin } = this.#given;
    if (!pin) throw new Fault("device", wantsPin);
    if (this.#pinTried) throw new Fault("device", pinRefused);
    this.#pinTried = true;
    await modem.ask(`AT+CPIN="${pin}"`, 20 * SECOND);
  }

  /** Registration: home (1) or roaming (5), on either of the two networks that a modem may know. */
  async #look(modem: Modem): Promise<void> {
    const { clock, say, id, site } = this.#context;
    const states = await Promise.all(["AT+CEREG?", "AT+CREG?"].map((command) => modem.ask(command).catch(notKnown)));
    const there = states.some(({ lines }) => lines.some((line) => /^\+CE?REG: \d,\s*[15]\b/.test(line)));
    this.#network.value = Number(there);
    if (there) {
      if (this.#networkLost === undefined) return;
      this.#networkLost = undefined;
      return;
    }
    const before = this.#networkLost ?? clock.monotonic();
    if (this.#networkLost !== undefined && clock.monotonic() - before >= NO_NETWORK_AFTER) {
      const minutes = Math.round((clock.monotonic() - before) / MINUTE);
      say.error(`${id}: ${noNetwork(minutes)[site.language]}`);
      await modem.ask("AT+CFUN=1,1", 10 * SECOND).catch(notKnown);
      this.#networkLost = undefined;
      throw new Fault("connection", startedAnew);
    }
    this.#networkLost = before;
  }

  async #send(to: string, text: string, message?: string): Promise<void> {
    const modem = this.#modem;
    if (!modem) throw new Fault("port", noModem(this.#given.port));
    const { pdu, length } = submit(to, text, this.#given.encoding);
    const { lines } = await modem.ask(`AT+CMGS=${length}`, SEND_WITHIN, pdu);
    const reference = lines.map((line) => /^\+CMGS: (\d+)/.exec(line)?.[1]).find((found) => found !== undefined);
    if (reference === undefined || message === undefined) return;
    this.#references.set(Number(reference), message);
    for (const old of this.#references.keys()) if (this.#references.size > MOST_REPORTS) this.#references.delete(old);
  }

  #unasked(line: string, pdu?: string): void {
    const stored = /^\+CMTI: "\w+",\s*(\d+)/.exec(line)?.[1];
    if (stored !== undefined) this.#enqueue(() => this.#read(Number(stored)));
    if (line.startsWith("+CDS:") && pdu) this.#report(pdu);
  }

  /** One after the other, and never two at once: a flood of SMS waits its turn in the modem. */
  #enqueue(work: () => Promise<void>): void {
    this.#reading = this.#reading.then(work).catch((error) => {
      const { id, say, site } = this.#context;
      say.warn(`${id}: ${unread(textOf(error))[site.language]}`);
    });
  }

  async #readStored(modem: Modem): Promise<void> {
    const { lines } = await modem.ask("AT+CMGL=4", 20 * SECOND);
    for (const line of lines) {
      const index = /^\+CMGL: (\d+)/.exec(line)?.[1];
      if (index !== undefined) await this.#read(Number(index));
    }
  }

  async #read(index: number): Promise<void> {
    const modem = this.#modem;
    if (!modem) return;
    const { lines } = await modem.ask(`AT+CMGR=${index}`);
    await modem.ask(`AT+CMGD=${index}`);
    const message = incoming(lines.at(-1) ?? "");
    if (message?.kind !== "message") return;
    this.#heard.value++;
    if (this.#selfTest?.heard(message.text)) return;
    const answer = await this.#hear(message.from, message.text);
    if (answer !== undefined) await this.#send(message.from, answer);
  }

  #report(pdu: string): void {
    const report = incoming(pdu);
    if (report?.kind !== "report" || report.fate === "waiting") return;
    const message = this.#references.get(report.reference);
    this.#references.delete(report.reference);
    if (message === undefined) return;
    this.#learned(message, report.fate === "arrived" ? { kind: "received" } : { kind: "failed", why: NOT_DELIVERED });
  }
}

const notKnown = () => ({ lines: [] });

async function opened({ port: path, baud }: Options): Promise<{ port: SerialPort; gone: Promise<never> }> {
  const { SerialPort: Port } = await import("serialport");
  const port = new Port({ path, baudRate: baud, autoOpen: false });
  await new Promise<void>((resolve, reject) =>
    port.open((error) => (error ? reject(new Fault("port", noModem(path, error.message))) : resolve())),
  );
  const gone = new Promise<never>((_, reject) => {
    const lost = () => reject(new Fault("port", modemGone(path)));
    port.once("close", lost);
    port.once("error", lost);
  });
  gone.catch(() => undefined);
  return { port, gone };
}

const wireOf = (port: SerialPort): Wire => ({
  write: (bytes) => void port.write(bytes, "latin1"),
  onData: (take) => void port.on("data", take),
});
