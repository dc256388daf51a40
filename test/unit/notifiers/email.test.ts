import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterEach, expect, test } from "vitest";
import email from "../../../gateway/notifiers/email.ts";
import { make, patient } from "./desk.ts";
import { message } from "./message.ts";

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

interface Mail {
  from: string;
  to: string[];
  raw: string;
}

/** A real SMTP server on a socket. */
async function server(options: SMTPServerOptions = {}): Promise<{ port: number; mails: Mail[] }> {
  const mails: Mail[] = [];
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData(stream, session, done) {
      let raw = "";
      stream.on("data", (chunk) => (raw += chunk));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({ from: mailFrom ? mailFrom.address : "", to: rcptTo.map((r) => r.address), raw });
        done();
      });
    },
    ...options,
  });
  // What a refused client does is the client's business.
  smtp.on("error", () => undefined);
  await new Promise<void>((ready) => smtp.listen(0, "127.0.0.1", ready));
  open.push(() => smtp.close(() => undefined));
  return { port: (smtp.server.address() as AddressInfo).port, mails };
}

const sender = (port: number, more: object = {}) => {
  const notifier = make(email, { host: "127.0.0.1", port, from: "vigie@nord.example", ...more });
  open.push(() => void notifier.close?.());
  return notifier;
};

test("a mail arrives with its words, in French, and its code", async () => {
  const { port, mails } = await server();
  await sender(port).deliver?.(message(), patient());
  const [mail] = mails;
  expect(mail).toMatchObject({ from: "vigie@nord.example", to: ["claire@nord.example"] });
  const subject = /^Subject: (.*(?:\r\n .*)*)/m.exec(mail?.raw ?? "")?.[1] ?? "";
  const words = subject
    .replace(/\r\n /g, "")
    .replace(/=\?UTF-8\?([QB])\?([^?]*)\?=\s*/gi, (_, code: string, text: string) =>
      code.toUpperCase() === "B"
        ? Buffer.from(text, "base64").toString()
        : decodeURIComponent(text.replace(/_/g, " ").replace(/=([0-9A-F]{2})/g, "%$1")),
    );
  expect(words).toBe("[P1] Fraiseuse 3 : T° broche 82 > 75 °C depuis 14:05");
  expect(mail?.raw).toContain("Message-ID: <m1@nord.vigie>");
  expect(mail?.raw).toContain("Auto-Submitted: auto-generated");
  expect(mail?.raw.replace(/=\r\n/g, "")).toContain("4821");
});

test("a name with a line break in it makes no header of its own", async () => {
  const { port, mails } = await server();
  await sender(port).deliver?.(message({ title: "x\r\nBcc: dieb@example.org" }), patient());
  expect(mails[0]?.to).toEqual(["claire@nord.example"]);
  expect(mails[0]?.raw).not.toMatch(/^Bcc:/m);
});

test("a server that refuses the address, and one that is not there, are reasons to try again", async () => {
  const { port } = await server({ onRcptTo: (_, __, done) => done(new Error("no such mailbox")) });
  await expect(sender(port).deliver?.(message(), patient())).rejects.toThrow(/no such mailbox/);
  await expect(sender(9).deliver?.(message(), patient())).rejects.toThrow(/127\.0\.0\.1/);
});

test("a password is given to the server that asks for one", async () => {
  const asked: string[] = [];
  const { port, mails } = await server({
    authOptional: false,
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _, done) => {
      asked.push(`${username}:${password}`);
      done(null, { user: username });
    },
  });
  await sender(port, { username: "vigie", password: "s3cret" }).deliver?.(message(), patient());
  expect(asked).toEqual(["vigie:s3cret"]);
  expect(mails).toHaveLength(1);
});

test("`starttls` sends nothing to a server that has no encryption", async () => {
  const { port, mails } = await server();
  await expect(sender(port, { encryption: "starttls" }).deliver?.(message(), patient())).rejects.toThrow();
  expect(mails).toEqual([]);
});
