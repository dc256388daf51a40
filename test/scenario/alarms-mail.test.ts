import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SMTPServer } from "smtp-server";
import { afterEach, expect, test } from "vitest";
import type { AlarmAnswer } from "../../gateway/core/api.ts";
import { describeWith } from "../need.ts";
import { eventually, launch } from "../sim/gateway.ts";
import { libmodbusTcp, stopPeers } from "../sim/modbus/peers.ts";

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
  stopPeers();
});

/** A mail server that keeps what it gets. */
async function mailbox(): Promise<{ port: number; mails: string[] }> {
  const mails: string[] = [];
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData(stream, _, done) {
      let raw = "";
      stream.on("data", (chunk) => (raw += chunk));
      stream.on("end", () => {
        mails.push(raw.replace(/=\r\n/g, "").replace(/=3D/g, "="));
        done();
      });
    },
  });
  await new Promise<void>((ready) => smtp.listen(0, "127.0.0.1", ready));
  open.push(() => smtp.close(() => undefined));
  return { port: (smtp.server.address() as AddressInfo).port, mails };
}

const siteFile = (modbus: number, smtp: number) => `
site: { id: essai, name: Essai, timezone: Europe/Paris, language: fr }
machines: [{ id: tour-1, name: Tour 1 }]
drivers:
  - id: ligne-1
    type: modbus
    port: "tcp://127.0.0.1:${modbus}"
    devices:
      - { id: d, slave: 1, every: 200ms, machine: tour-1, signals: { load: { at: 5, table: holding, type: u16 } } }
detectors:
  - { id: trop, type: limit, point: tour-1/load, high: 100, priority: high }
notifiers:
  - { id: mail, type: email, host: 127.0.0.1, port: ${smtp}, from: vigie@nord.example }
notices:
  people: [{ id: claire, name: Claire, via: [{ channel: mail, address: claire@nord.example }] }]
  link: "http://vigie.local:8080"
web: { open: true }
`;

describeWith(["gcc"], "the real program, a real slave, a real mail server", () => {
  test("a value over its limit becomes a mail, its link acknowledges once, and kill -9 changes nothing of that", async () => {
    const folder = await mkdtemp(join(tmpdir(), "vigie-mail-"));
    open.push(() => rm(folder, { recursive: true, force: true }));
    const { port, mails } = await mailbox();
    const file = join(folder, "site.yaml");
    await writeFile(file, siteFile(await libmodbusTcp(), port));
    const first = await launch(["run", "--config", file]);
    open.push(() => first.stop("SIGKILL"));
    const mail = await eventually(() => mails[0], 20_000);
    expect(mail).toMatch(/^Subject: \[P1\] Tour 1 : load 65530, au-dessus de 100 depuis \d\d:\d\d/m);
    const path = /http:\/\/vigie\.local:8080(\/ack\/\S+)/.exec(mail)?.[1] ?? "";

    expect(await (await fetch(first.url + path)).text()).toContain("Tour 1");
    const alarms = (gateway: typeof first) => gateway.get<AlarmAnswer[]>("/api/v1/alarms");
    expect(await alarms(first)).toMatchObject([{ id: "trop", state: "unacked" }]);
    expect((await fetch(first.url + path, { method: "POST" })).status).toBe(200);
    expect(await alarms(first)).toMatchObject([{ id: "trop", state: "acked", ackedBy: "Claire" }]);

    await first.stop("SIGKILL");
    const second = await launch(["run", "--config", file], { data: first.data });
    open.push(() => second.stop());
    expect(await alarms(second)).toMatchObject([{ id: "trop", state: "acked", ackedBy: "Claire", occurrence: 1 }]);
    const again = await (await fetch(second.url + path, { method: "POST" })).text();
    expect(again).not.toContain("Acquitté. Merci.");
    // Readings have gone through the rules since, and still nobody was told a second time.
    const judged = async () =>
      Number(/^vigie_alarms_readings_total (\d+)/m.exec(await (await fetch(`${second.url}/metrics`)).text())?.[1] ?? 0);
    await eventually(async () => ((await judged()) > 10 ? true : undefined), 20_000);
    expect(mails).toHaveLength(1);
  }, 90_000);
});
