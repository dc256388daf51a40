import { afterEach, expect, test } from "vitest";
import { clock } from "../../../gateway/clock.ts";
import type { Message } from "../../../gateway/core/alarm.ts";
import { Meters } from "../../../gateway/core/meter.ts";
import { type Clock, MINUTE, SECOND } from "../../../gateway/core/time.ts";
import sms from "../../../gateway/notifiers/sms.ts";
import { describeWith } from "../../need.ts";
import { ptyLine, stopPeers } from "../../sim/modbus/peers.ts";
import { FakeModem } from "../../sim/modem.ts";
import { MemoryCells, until } from "../../sim/peers/kit.ts";
import { make, patient } from "./desk.ts";
import { message } from "./message.ts";

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
  stopPeers();
});

/** The real clock, run fast: a minute of waiting is a few milliseconds. */
const fast = (factor: number): Clock => ({
  now: () => clock.now(),
  monotonic: () => clock.monotonic() * factor,
  sleep: (ms, signal) => clock.sleep(ms / factor, signal),
});

const house = async (
  options: object = {},
  before: (modem: FakeModem) => void = () => undefined,
  pace = fast(1),
  cells = new MemoryCells(),
) => {
  const line = await ptyLine();
  const modem = await FakeModem.open(line.slave);
  open.push(() => modem.close());
  before(modem);
  const meters = new Meters();
  const notifier = make(sms, { port: line.master, ...options }, { clock: pace, meters, cells });
  const replies: { from: string; words: string }[] = [];
  const received: string[] = [];
  const lost: string[] = [];
  let answer: string | undefined = "Acquitté (1).";
  notifier.listen?.(
    async (from, words) => {
      replies.push({ from, words });
      return answer;
    },
    (id, fate) => void (fate.kind === "received" ? received : lost).push(id),
  );
  const stop = new AbortController();
  const running = notifier.run?.(stop.signal);
  open.push(async () => {
    stop.abort();
    await running;
  });
  const say = (given: Partial<Message> = {}) =>
    notifier.deliver?.(message({ address: "+33612345678", ...given }), patient()) ?? Promise.resolve();
  const ready = () => until(() => meters.sum("sms_network") === 1);
  return { modem, meters, replies, received, lost, say, ready, mute: () => (answer = undefined) };
};

describeWith(["socat"], "SMS through a modem on a pseudo terminal", () => {
  test("a message goes out as one SMS in PDU mode, transliterated", async () => {
    const { modem, say, ready } = await house();
    await ready();
    await say();
    expect(modem.sent).toMatchObject([
      { to: "+33612345678", text: "[P1] Fraiseuse 3 : T broche 82 > 75 C depuis 14:05 OK=4821" },
    ]);
    expect(modem.sent[0]?.length).toBe((modem.sent[0]?.pdu.length ?? 0) / 2 - 1);
  });

  test("with `ucs2` every letter arrives as it was written", async () => {
    const { modem, say, ready } = await house({ encoding: "ucs2" });
    await ready();
    await say({ short: "Ça a dépassé 75 °C, l’œil OK=4821" });
    expect(modem.sent[0]?.text).toBe("Ça a dépassé 75 °C, l’œil OK=4821");
  });

  test("an answer by SMS is heard once, answered, and taken off the card; what came while we were away too", async () => {
    const { modem, replies } = await house({}, (m) => m.receive("+33612345678", "OK 1111"));
    await until(() => replies.length === 1);
    modem.receive("+33612345678", "OK 4821");
    await until(() => modem.sent.length === 2);
    expect(replies).toEqual([
      { from: "+33612345678", words: "OK 1111" },
      { from: "+33612345678", words: "OK 4821" },
    ]);
    expect(modem.sent[1]).toMatchObject({ to: "+33612345678", text: "Acquitté (1)." });
    expect(modem.stored.size).toBe(0);
  });

  test("a stranger's SMS is taken off the card and gets no answer", async () => {
    const { modem, replies, ready, mute } = await house();
    await ready();
    mute();
    modem.receive("+33700000000", "OK 4821");
    await until(() => replies.length === 1 && modem.stored.size === 0);
    expect(modem.sent).toEqual([]);
  });

  test("a network that refuses is a reason to try again, and the next message goes out", async () => {
    const { modem, say, ready } = await house({}, (m) => m.failures.push("+CMS ERROR: 38"));
    await ready();
    await expect(say()).rejects.toThrow(/\+CMS ERROR: 38/);
    await say();
    expect(modem.sent).toHaveLength(1);
  });

  test("a modem that answers in single bytes, with noise between, is understood", async () => {
    const { modem, say, ready } = await house({}, (m) => {
      m.pieces = 1;
    });
    await ready();
    modem.say("^RSSI: 18");
    modem.say("RING");
    await say();
    expect(modem.sent).toHaveLength(1);
  });

  test("a delivery report says that the telephone has it", async () => {
    const { modem, received, say, ready } = await house();
    await ready();
    await say({ id: "m7" });
    modem.report(1);
    await until(() => received.length === 1);
    expect(received).toEqual(["m7"]);
  });

  test("a report that the network still tries changes nothing; one that it gave up says so", async () => {
    const { modem, received, lost, say, ready } = await house();
    await ready();
    await say({ id: "m7" });
    modem.report(1, "30");
    modem.report(1, "45");
    await until(() => lost.length === 1);
    expect([received, lost]).toEqual([[], ["m7"]]);
  });

  const OWN = "+33611111111";
  const daily = (cells?: MemoryCells, before: (modem: FakeModem) => void = () => undefined) => {
    const day = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/Paris", weekday: "short" }).format(clock.now());
    const self_test = { number: OWN, day: day.toLowerCase(), at: "00:00" };
    return house({ self_test }, before, fast(500), cells);
  };

  test("once a week it sends an SMS to itself; that comes back, is nobody's answer, and is not sent again that day", async () => {
    const cells = new MemoryCells();
    const { modem, meters, replies, ready } = await daily(cells, (m) => {
      m.own = OWN;
    });
    await ready();
    await until(() => modem.sent.length === 1 && cells.dump().includes('"ok":true'));
    expect(modem.sent[0]).toMatchObject({ to: OWN, text: expect.stringMatching(/^VIGIE \d{6}$/) });
    expect(meters.sum("sms_self_test")).toBe(1);
    await until(() => modem.stored.size === 0);
    expect(replies).toEqual([]);
    const again = await daily(cells);
    await again.ready();
    await until(() => again.modem.asked.filter((c) => c === "AT+CEREG?").length > 10);
    expect(again.modem.sent).toEqual([]);
  });

  test("a test SMS that does not come back within ten minutes is a gauge at 0, over a restart too", async () => {
    const cells = new MemoryCells();
    const { modem, meters, ready } = await daily(cells);
    await ready();
    await until(() => modem.sent.length > 0);
    expect(meters.sum("sms_self_test")).toBe(1);
    await until(() => meters.sum("sms_self_test") === 0);
    const again = await daily(cells);
    await until(() => again.meters.sum("sms_self_test") === 0);
  });

  test("a card that wants a PIN gets it once; a wrong one is never tried again", async () => {
    const right = await house({ pin: "1234" }, (m) => {
      m.pin = "1234";
    });
    await right.ready();
    const wrong = await house(
      { pin: "9999" },
      (m) => {
        m.pin = "1234";
      },
      fast(200),
    );
    await until(() => wrong.modem.asked.filter((c) => c === "AT+CPIN?").length >= 3);
    expect(wrong.modem.asked.filter((c) => c.startsWith("AT+CPIN="))).toHaveLength(1);
    await expect(wrong.say()).rejects.toThrow(/no modem/);
  });

  test("a modem that falls silent is opened anew, and works again when it does", async () => {
    const { modem, say, ready } = await house({}, undefined, fast(50));
    await ready();
    modem.dead = true;
    await expect(say()).rejects.toThrow(/does not answer AT\+CMGS/);
    modem.dead = false;
    await until(
      async () =>
        say().then(
          () => true,
          () => false,
        ),
      10_000,
    );
    expect(modem.sent.length).toBeGreaterThan(0);
  });

  test("ten minutes without a network start the modem anew", async () => {
    const { modem, meters, ready } = await house({}, undefined, fast(1_000));
    await ready();
    modem.registered = false;
    await until(() => meters.sum("sms_network") === 0);
    await until(() => modem.asked.includes("AT+CFUN=1,1"), (20 * MINUTE) / 1_000 + 5 * SECOND);
    modem.registered = true;
    await ready();
  });

  test("no modem at all is said in the refusal, and nothing else stops", async () => {
    const notifier = make(sms, { port: "/dev/no-such-modem" }, { clock: fast(100) });
    const stop = new AbortController();
    const running = notifier.run?.(stop.signal);
    await expect(notifier.deliver?.(message(), patient())).rejects.toThrow("no modem on /dev/no-such-modem");
    stop.abort();
    await running;
  });
});
