import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { createInterface } from "node:readline";
import { allProfiles, healthyDevice, serveSlaves } from "../sim/modbus/device.ts";

export interface SerialMeter {
  /** `/dev/pts/…` */
  path: string;
  close(): void;
}

/**
 * A meter on a serial line of its own: a pseudo terminal (socat) before the simulated slave. It hears only who speaks at its
 * baud rate; a pseudo terminal passes bytes at any speed, so the speed that the asker has set is looked at with stty.
 */
export async function serialMeter(model: string, slave: number, baud: number): Promise<SerialMeter> {
  const profile = allProfiles.get(model);
  if (!profile) throw new Error(`no profile ${model}`);
  const { server, port } = await serveSlaves(new Map([[slave, healthyDevice(profile)]]), "rtu");
  let path = "";
  const deaf = () => execFileSync("stty", ["-F", path, "speed"], { encoding: "utf8" }).trim() !== `${baud}`;
  const ear = createServer((line) => {
    const device = connect(port, "127.0.0.1");
    line.on("data", (question) => deaf() || device.write(question));
    device.pipe(line);
    for (const end of [line, device]) end.on("error", () => undefined);
  });
  ear.listen(0, "127.0.0.1");
  await once(ear, "listening");
  const wire = `tcp:127.0.0.1:${(ear.address() as AddressInfo).port}`;
  const socat = spawn("socat", ["-d", "-d", "pty,raw,echo=0", wire], { stdio: ["ignore", "ignore", "pipe"] });
  path = await ptyOf(socat);
  return {
    path,
    close: () => {
      socat.kill();
      ear.close();
      server.close();
    },
  };
}

async function ptyOf(socat: ChildProcess): Promise<string> {
  if (!socat.stderr) throw new Error("socat says nothing");
  for await (const line of createInterface({ input: socat.stderr })) {
    const path = /PTY is (\/dev\/pts\/\d+)/.exec(line)?.[1];
    if (path) return path;
  }
  throw new Error("socat made no pseudo terminal");
}
