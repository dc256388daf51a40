// For test/scenario/slow-names.test.ts (root): the gateway among names that nobody answers for. Runs itself again in namespaces of
// its own, with a name server that is silent, or answers after three seconds; prints when everything else was reached.
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Registers } from "../../gateway/simulate/slave.ts";
import { eventually, launch } from "./gateway.ts";
import { scriptedInflux } from "./influx-scripted.ts";
import { counted, sumOf } from "./metrics.ts";
import { serveSlaves } from "./modbus/device.ts";
import { startMosquitto, subscribe } from "./peers/mosquitto.ts";

const SILENT = 8;
const SLOW_MS = 3_000;

if (process.env.VIGIE_INSIDE) {
  process.exit(await inside(process.env.VIGIE_INSIDE));
} else {
  if (process.getuid?.() !== 0) throw new Error("this needs root");
  const folder = mkdtempSync(join(tmpdir(), "vigie-names-"));
  const own = {
    "resolv.conf": "nameserver 127.0.0.1\n",
    "nsswitch.conf": "hosts: files dns\n",
    hosts: "127.0.0.1 localhost presse.atelier courtier.atelier\n",
  };
  for (const [name, text] of Object.entries(own)) writeFileSync(join(folder, name), text);
  const shell = [
    "mount --make-rprivate /",
    ...Object.keys(own).map((name) => `mount --bind "$1/${name}" /etc/${name}`),
    "ip link set lo up",
    'exec "$2" "$3"',
  ].join(" && ");
  const args = ["--mount", "--net", "--fork", "--kill-child", "sh", "-c", shell, "sh", folder];
  const run = spawn("unshare", [...args, process.execPath, import.meta.filename], {
    stdio: "inherit",
    env: { ...process.env, VIGIE_INSIDE: folder },
  });
  run.on("exit", (code) => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(code ?? 1);
  });
}

/** A name server that knows one name, and takes its time; asked for any other it says nothing. */
function nameServer(known: string): { asked: Set<string> } {
  const asked = new Set<string>();
  const server = createSocket("udp4");
  server.on("message", (question, { port, address }) => {
    const name = nameIn(question);
    asked.add(name);
    if (name !== known) return;
    setTimeout(() => server.send(answerTo(question), port, address), SLOW_MS);
  });
  server.bind(53, "127.0.0.1");
  return { asked };
}

function nameIn(question: Buffer): string {
  const labels: string[] = [];
  for (let at = 12; (question[at] ?? 0) > 0; at += 1 + (question[at] ?? 0))
    labels.push(question.toString("latin1", at + 1, at + 1 + (question[at] ?? 0)));
  return labels.join(".");
}

/** 127.0.0.1 where an IPv4 address is asked for, else no address. */
function answerTo(question: Buffer): Buffer {
  const end = question.indexOf(0, 12) + 5;
  const isA = question.readUInt16BE(end - 4) === 1;
  const head = Buffer.from(question.subarray(0, end));
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(isA ? 1 : 0, 6);
  head.writeUInt32BE(0, 8);
  const address = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1]);
  return isA ? Buffer.concat([head, address]) : head;
}

function bus(id: string, address: string): string {
  const device = `{ id: d, slave: 1, every: 100ms, machine: ${id}, signals: { v: { at: 0, table: holding, type: u16, unit: "1" } } }`;
  return `  - { id: ${id}, type: modbus, port: "tcp://${address}", devices: [${device}] }\n`;
}

async function inside(folder: string): Promise<number> {
  const names = nameServer("influx.atelier");
  const slave = new Registers();
  slave.holding.set(0, 7);
  const { port } = await serveSlaves(new Map([[1, slave]]), "tcp");
  const mosquitto = await startMosquitto();
  const influx = await scriptedInflux();
  const silent = Array.from({ length: SILENT }, (_, i) => `muette-${i}`);
  const machines = ["tour", "presse", ...silent].map((id) => `{ id: ${id}, name: ${id} }`).join(", ");
  const site = join(folder, "site.yaml");
  writeFileSync(
    site,
    `site: { id: s, name: S, timezone: UTC }
web: { open: true }
broker: { enabled: false }
machines: [${machines}]
drivers:
${silent.map((id) => bus(id, `${id}.atelier:${port}`)).join("")}${bus("tour", `127.0.0.1:${port}`)}${bus("presse", `presse.atelier:${port}`)}
sinks:
  - { id: history, type: sqlite }
  - { id: nowhere, type: mqtt, url: "mqtt://nulle-part.atelier:1883" }
  - { id: mqtt, type: mqtt, url: "mqtt://courtier.atelier:${mosquitto.port}" }
  - { id: influx, type: influx, url: "http://influx.atelier:${new URL(influx.url).port}", token: "\${TOKEN}", bucket: b }
`,
  );
  const { lines, stop } = subscribe(mosquitto.port, "vigie/v1/s/tour/v", ["-R"]);
  const began = performance.now();
  const since = () => Math.round(performance.now() - began);
  const gateway = await launch(["run", "--config", site], { data: join(folder, "data"), env: { TOKEN: "t" } });
  const up = since();
  const figure = async (name: string, driver: string) => sumOf(counted(await gateway.metrics()), name, { driver });
  const good = (driver: string) => figure("readings_good_total", driver);
  const took: Record<string, number> = { up };
  const within = async (what: string, holds: () => unknown) => {
    await eventually(
      async () => ((await holds()) ? true : undefined),
      60_000,
      () => `${what}\n${gateway.output()}`,
    );
    took[what] = since();
  };
  try {
    await Promise.all([
      within("address", async () => (await good("tour")) > 0),
      within("known", async () => (await good("presse")) > 0),
      within("broker", () => lines.length > 0),
      within("slow", () => influx.points.size > 0),
    ]);
    const seconds = (performance.now() - began - up) / 1_000;
    const rate = (await good("tour")) / seconds;
    console.log(
      JSON.stringify({
        asked: names.asked.size,
        ...took,
        rate,
        skipped: await figure("readings_skipped_total", "tour"),
      }),
    );
    return 0;
  } catch (error) {
    console.error(error, took);
    return 1;
  } finally {
    stop();
    await gateway.stop().catch((error) => console.error(error));
    await mosquitto.stop();
    influx.close();
  }
}
