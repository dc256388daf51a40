import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const gateway = join(import.meta.dirname, "../../gateway");

test("a gateway loads neither fetch nor WebSocket before it needs them: 4 MB", () => {
  const script = `
    const { loadPlugins } = await import("${gateway}/plugin.ts");
    await import("${gateway}/main.ts");
    await loadPlugins();
    console.log(JSON.stringify(process.moduleLoadList));
  `;
  const said = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  const loaded: string[] = JSON.parse(said);
  expect(loaded.some((name) => name.includes("http2"))).toBe(true);
  expect(loaded.filter((name) => /undici|websocket/i.test(name))).toEqual([]);
});
