import { afterEach, expect, test } from "vitest";
import { clock } from "../../gateway/clock.ts";
import { Meters } from "../../gateway/core/meter.ts";
import { steadyMs } from "../../gateway/core/time.ts";
import limit from "../../gateway/detectors/limit.ts";
import { openPostman } from "../../gateway/notices/postman.ts";
import { noticeSettings } from "../../gateway/notices/settings.ts";
import sms from "../../gateway/notifiers/sms.ts";
import { describeWith } from "../need.ts";
import { ptyLine, stopPeers } from "../sim/modbus/peers.ts";
import { FakeModem } from "../sim/modem.ts";
import { quiet, until } from "../sim/peers/kit.ts";
import { limitRule, Shop } from "../unit/alarms/shop.ts";
import { make } from "../unit/notifiers/desk.ts";

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
  stopPeers();
});

const TEMP = "tour-2/temp";

describeWith(["socat"], "from a hot spindle to an SMS and back", () => {
  test("the alarm arrives on the telephone, `OK` with its code acknowledges it in the name of who has that number", async () => {
    const line = await ptyLine();
    const modem = await FakeModem.open(line.slave);
    open.push(() => modem.close());
    const shop = await Shop.open({
      rules: [limitRule(TEMP, 75, { priority: "high" })],
      plugins: new Map([["limit", limit]]),
    });
    const meters = new Meters();
    const postman = await openPostman({
      settings: noticeSettings.parse({
        people: [{ id: "claire", name: "Claire", via: [{ channel: "canal", address: "06 12 34 56 78" }] }],
      }),
      site: { id: "nord", name: "Nord", timezone: "Europe/Paris", language: "fr" },
      machines: new Map([["tour-2", { id: "tour-2", name: { fr: "Tour 2", en: "Lathe 2" } }]]),
      ...{ alarms: shop.engine, cells: shop.memory, clock, meters, say: quiet },
      notifiers: [make(sms, { port: line.master }, { meters })],
      steady: () => steadyMs(clock.monotonic()),
    });
    const stop = new AbortController();
    const running = postman.run(stop.signal);
    open.push(async () => {
      stop.abort();
      await running;
    });
    let heard = 0;
    const hear = async () => {
      const fresh = shop.memory.notices.slice(heard);
      heard += fresh.length;
      await postman.follower.apply(fresh, "live");
    };
    await until(() => meters.sum("sms_network") === 1);
    await shop.value(TEMP, 82);
    await hear();
    await until(() => modem.sent.length === 1);
    const text = modem.sent[0]?.text ?? "";
    expect(text).toMatch(/^\[P1\] Tour 2 : temp 82 C, au-dessus de 75 C depuis \d\d:\d\d OK=\d{4}$/);
    modem.receive("+33699999999", `OK ${text.slice(-4)}`);
    modem.receive("+33612345678", `ok ${text.slice(-4)}`);
    await until(() => shop.state("chaud") === "acked");
    expect(shop.engine.get("chaud")).toMatchObject({ ackedBy: "Claire" });
    await until(() => modem.sent.length === 2);
    expect(modem.sent[1]).toMatchObject({ to: "+33612345678", text: "Acquitté (1)." });
    await hear();
    modem.report(1);
    expect(postman.deliveries(1)[0]?.state).toBe("acknowledged");
    expect(meters.sum("notices_strangers_total")).toBe(1);
  });
});
