import { expect, test } from "vitest";
import { Fault } from "../../../gateway/core/fault.ts";
import { serialPipe, tcpPipe } from "../../../gateway/drivers/lib/pipe.ts";
import { againIn, connectionTrouble, NO_ANSWER, serialTrouble } from "../../../gateway/drivers/lib/trouble.ts";

/** What the system itself says when the port is opened for real. */
async function refusal(open: ReturnType<typeof serialPipe>): Promise<Fault> {
  try {
    await open({ bytes: () => undefined, lost: () => undefined }, new AbortController().signal);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("it opened");
}

const settings = { baud: 9_600, parity: "none", stopBits: 1 } as const;

test.each([
  ["/dev/ttyUSB-not-there", /n'est pas là : l'adaptateur est-il branché/, /is not there: is the adapter plugged in/],
  ["/dev/null", /n'est pas un port série/, /is no serial port/],
])("a port that cannot be opened is said in words: %s", async (path, fr, en) => {
  const fault = await refusal(serialPipe(path, settings));
  expect(fault.code).toBe("port");
  expect(fault.text.fr).toMatch(fr);
  expect(fault.text.en).toMatch(en);
  expect(fault.message).toBe(fault.text.en);
  expect(`${fault.text.fr}${fault.text.en}`).not.toMatch(/E[A-Z]{4,}|errno|ioctl/);
});

test("a machine that refuses, and a name that nobody knows, are said in words", async () => {
  const refused = await refusal(tcpPipe("127.0.0.1", 1));
  expect(refused.text.fr).toMatch(/^127\.0\.0\.1:1 : connexion refusée/);
  const unknown = await refusal(tcpPipe("no-such-host.invalid", 502));
  expect(unknown.text.en).toMatch(/^no-such-host\.invalid:502: .*name is not known/);
});

test("every trouble has both languages, names the place, and no system's jargon", () => {
  const codes = [NO_ANSWER, "ECONNRESET", "EHOSTUNREACH", "ETIMEDOUT", "EPIPE", "ENETUNREACH", "EAI_AGAIN"];
  for (const { fr, en } of codes.map((code) => connectionTrouble("10.0.0.9", 502, code))) {
    expect(fr).toMatch(/^10\.0\.0\.9:502 : .{20}/);
    expect(en).toMatch(/^10\.0\.0\.9:502: .{20}/);
    expect(fr + en).not.toMatch(/E[A-Z]{4,}/);
  }
  for (const said of [
    "Error: Permission denied, cannot open /dev/x",
    "Error Resource temporarily unavailable Cannot lock port",
  ]) {
    const { fr, en } = serialTrouble("/dev/x", said);
    expect(fr).not.toContain("Error");
    expect(en).toMatch(/^\/dev\/x (may not|is in use)/);
  }
  expect(serialTrouble("/dev/x", "strange").en).toBe("/dev/x: cannot be opened (strange)");
  expect(againIn(8_200)).toEqual({ fr: " ; nouvel essai dans 8 s", en: "; trying again in 8 s" });
});
