import modbus from "modbus-serial";
import { connectAsync } from "mqtt";

// `bare.ts BROKER EVERY_MS PORT…`: modbus-serial and mqtt, one message per scan at QoS 0, and nothing else: no check, no store, no rule.
const [broker = "", every = "100", ...ports] = process.argv.slice(2);
const client = await connectAsync(broker);
for (const port of ports) {
  const slave = new modbus.default();
  await slave.connectTCP("127.0.0.1", { port: Number(port) });
  slave.setID(1);
  slave.setTimeout(1_000);
  setInterval(async () => {
    const { data } = await slave.readHoldingRegisters(0, 100);
    client.publish(`bare/${port}`, JSON.stringify({ t: Date.now(), v: data.map((value) => value * 0.1) }));
  }, Number(every));
}
