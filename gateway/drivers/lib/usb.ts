import { readdir, realpath, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** What became of a USB adapter that was to be reset: `shared` with other ports, which may be well; `refused` by the system. */
export type UsbReset = "done" | "not usb" | "shared" | "refused";

/**
 * Takes the adapter behind a serial port off its USB bus and puts it back, as pulling it out would: opening a port anew does not wake a
 * chip whose firmware is stuck. `sys` and `put` are for tests.
 */
export async function resetUsb(
  port: string,
  sys = "/sys",
  put: (file: string, text: string) => Promise<void> = writeFile,
): Promise<UsbReset> {
  const tty = await realpath(port).catch(() => port);
  const adapter = await adapterOf(join(sys, "class/tty", basename(tty), "device"), sys);
  if (!adapter) return "not usb";
  if ((await portsOf(adapter, sys)) > 1) return "shared";
  try {
    await put(join(adapter, "authorized"), "0");
    await put(join(adapter, "authorized"), "1");
    return "done";
  } catch {
    return "refused";
  }
}

/** The folder of the USB device (not one of its interfaces) to which a tty belongs. */
async function adapterOf(device: string, sys: string): Promise<string | undefined> {
  const root = await realpath(sys);
  let folder = await realpath(device).catch(() => root);
  for (; folder.startsWith(`${root}/`); folder = dirname(folder))
    if (await isThere(join(folder, "idVendor"))) return folder;
  return undefined;
}

async function portsOf(adapter: string, sys: string): Promise<number> {
  const names = await readdir(join(sys, "class/tty")).catch(() => []);
  const devices = await Promise.all(
    names.map((name) => realpath(join(sys, "class/tty", name, "device")).catch(() => "")),
  );
  return devices.filter((device) => device.startsWith(`${adapter}/`)).length;
}

const isThere = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );
