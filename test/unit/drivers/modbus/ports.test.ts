import { mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { listPorts } from "../../../../gateway/drivers/modbus/ports.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "vigie-ports-")));
const roots = { dev: join(root, "dev"), proc: join(root, "proc"), sys: join(root, "sys") };

const file = (path: string, content = "") => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
};
const link = (path: string, target: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  symlinkSync(join(root, target), join(root, path));
};

test("adapters go by the name that stays: by id, else by socket; who holds them is named", async () => {
  for (const node of ["ttyUSB0", "ttyUSB1", "ttyACM0", "ttyS0", "ttyS1", "null"]) file(`dev/${node}`);
  link("dev/serial/by-id/usb-FTDI_A50285BI-if00-port0", "dev/ttyUSB1");
  link("dev/serial/by-path/pci-0000:00:14.0-usb-0:1:1.0-port0", "dev/ttyUSB0");
  link("dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0-port0", "dev/ttyUSB1");
  file("sys/class/tty/ttyS0/type", "4\n");
  file("sys/class/tty/ttyS1/type", "0\n");
  file("proc/4711/comm", "node\n");
  link("proc/4711/fd/7", "dev/ttyUSB1");
  link("proc/4711/fd/8", "dev/ttyUSB1");
  file("proc/version");

  expect(await listPorts(roots)).toEqual([
    { path: join(roots.dev, "ttyACM0"), node: join(roots.dev, "ttyACM0"), heldBy: [], unstable: true },
    { path: join(roots.dev, "ttyS0"), node: join(roots.dev, "ttyS0"), heldBy: [], unstable: true },
    {
      path: join(roots.dev, "serial/by-path/pci-0000:00:14.0-usb-0:1:1.0-port0"),
      node: join(roots.dev, "ttyUSB0"),
      heldBy: [],
      unstable: false,
    },
    {
      path: join(roots.dev, "serial/by-id/usb-FTDI_A50285BI-if00-port0"),
      node: join(roots.dev, "ttyUSB1"),
      heldBy: ["node (4711)"],
      unstable: false,
    },
  ]);
});

test("a computer without any adapter, and without udev, has an empty list", async () => {
  expect(await listPorts({ dev: "/nowhere", proc: "/nowhere", sys: "/nowhere" })).toEqual([]);
});
