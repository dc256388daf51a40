import fc from "fast-check";
import { expect, test } from "vitest";
import { packed, septets, transliterated, unpacked } from "../../../gateway/notifiers/sms/gsm7.ts";
import { incoming, submit } from "../../../gateway/notifiers/sms/pdu.ts";

test("French is said in the letters that there are", () => {
  expect(transliterated("T° broche : ça a dépassé 75 °C – l’œil à côté, où ?")).toBe(
    "T broche : ca a dépassé 75 C - l'oeil à coté, où ?",
  );
  expect(transliterated("日本 Ç é è ù à 😀")).toBe("?? Ç é è ù à ?");
});

// The example that every manual of the 03.40 format has: "hellohello" in eight-bit bytes.
test("seven bits are packed as the standard packs them", () => {
  expect(
    Buffer.from(packed(septets("hellohello")))
      .toString("hex")
      .toUpperCase(),
  ).toBe("E8329BFD4697D9EC37");
});

test("a submit is what the standard says, octet by octet", () => {
  const { pdu, length } = submit("+33612345678", "hellohello", "gsm7");
  expect(pdu).toBe("0031000B913316325476F80000A70AE8329BFD4697D9EC37");
  expect(length).toBe(pdu.length / 2 - 1);
});

test("what is packed comes out again, whatever it says", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 160 }), (words) => {
      const said = transliterated(words);
      const codes = septets(said);
      expect(unpacked(packed(codes), codes.length)).toBe(said);
    }),
  );
});

test("one message never becomes two: 160 septets or 70 letters, and the code at the end survives", () => {
  const long = `[P1] ${"é€".repeat(100)} OK=4821`;
  const gsm = submit("+33612345678", long, "gsm7");
  expect(Number.parseInt(gsm.pdu.slice(28, 30), 16)).toBeLessThanOrEqual(160);
  const wide = Buffer.from(submit("+33612345678", `${"日".repeat(100)} OK=4821`, "ucs2").pdu.slice(30), "hex");
  expect(Buffer.from(wide).swap16().toString("utf16le")).toMatch(/^日{59}\.\.\. OK=4821$/);
});

test("a message from a telephone is read: number, letters, and the euro sign", () => {
  // SMSC +33695000695, from +33612345678, 2026-03-02 12:30, "OK 4821 €".
  const text = septets("OK 4821 €");
  const hex = Buffer.from(packed(text)).toString("hex");
  const whole = `07913396050096F5040B913316325476F8000062302021030080${text.length.toString(16).padStart(2, "0")}${hex}`;
  expect(incoming(whole)).toEqual({ kind: "message", from: "+33612345678", text: "OK 4821 €" });
});

test("bytes that are no message are nothing, wherever they are cut", () => {
  const whole = "0031000B913316325476F80000A70AE8329BFD4697D9EC37";
  const good = "07913396050096F5040B913316325476F80008623020210300800400410042";
  expect(incoming(good)).toMatchObject({ kind: "message", text: "AB" });
  for (let cut = 0; cut < 52; cut++) expect(() => incoming(good.slice(0, cut))).not.toThrow();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 180 }), (bytes) => void incoming(Buffer.from(bytes).toString("hex"))),
  );
  expect(incoming(whole)).toBeUndefined();
});
