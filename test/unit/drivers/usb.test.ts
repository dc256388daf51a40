import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { resetUsb } from "../../../gateway/drivers/lib/usb.ts";

let sys = "";
let written: string[] = [];
beforeEach(() => {
  sys = mkdtempSync(join(tmpdir(), "vigie-sys-"));
  written = [];
});
afterEach(() => rmSync(sys, { recursive: true }));

const put = async (file: string, text: string) => void written.push(`${file.slice(sys.length)} ${text}`);

/** As the kernel lays it out: the tty's device is an interface of the USB device, and both have a file `authorized`. */
function plug(usb: string, ttys: readonly string[]): void {
  const adapter = join(sys, "devices/pci0/usb1", usb);
  mkdirSync(adapter, { recursive: true });
  writeFileSync(join(adapter, "idVendor"), "0403\n");
  mkdirSync(join(sys, "class/tty"), { recursive: true });
  for (const [index, tty] of ttys.entries()) {
    const node = join(adapter, `${usb}:1.${index}`, tty, "tty", tty);
    mkdirSync(node, { recursive: true });
    symlinkSync(join(adapter, `${usb}:1.${index}`, tty), join(node, "device"));
    symlinkSync(node, join(sys, "class/tty", tty));
  }
}

test("an adapter is taken off its USB bus and put back, by whatever name it is known", async () => {
  plug("1-1.2", ["ttyUSB0"]);
  const byId = join(sys, "usb-FTDI-if00");
  writeFileSync(join(sys, "ttyUSB0"), "");
  symlinkSync(join(sys, "ttyUSB0"), byId);
  expect(await resetUsb(byId, sys, put)).toBe("done");
  expect(written).toEqual(["/devices/pci0/usb1/1-1.2/authorized 0", "/devices/pci0/usb1/1-1.2/authorized 1"]);
});

test("a port whose adapter has others, which may be well, is left alone; so is one that is no USB adapter", async () => {
  plug("1-1.3", ["ttyUSB0", "ttyUSB1"]);
  expect(await resetUsb("/dev/ttyUSB1", sys, put)).toBe("shared");
  mkdirSync(join(sys, "class/tty/ttyS0/device"), { recursive: true });
  expect(await resetUsb("/dev/ttyS0", sys, put)).toBe("not usb");
  expect(await resetUsb("tcp://127.0.0.1:502", sys, put)).toBe("not usb");
  expect(written).toEqual([]);
});

test("a system that does not let us is no crash", async () => {
  plug("1-1.4", ["ttyUSB0"]);
  const refused = await resetUsb("/dev/ttyUSB0", sys, () => Promise.reject(new Error("EROFS")));
  expect(refused).toBe("refused");
});
