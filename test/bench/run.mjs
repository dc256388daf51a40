// `npm run bench -- NAME [options]`: runs test/bench/NAME.ts. Without a name, says which there are.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import process from "node:process";

const [name, ...rest] = process.argv.slice(2);
const file = new URL(`./${name}.ts`, import.meta.url);
if (!name || !existsSync(file)) {
  const known = readdirSync(new URL(".", import.meta.url)).flatMap((f) => (f.endsWith(".ts") ? [f.slice(0, -3)] : []));
  console.error(`npm run bench -- NAME, where NAME is one of: ${known.join(", ")}`);
  process.exit(2);
}
process.exit(spawnSync("node", [file.pathname, ...rest], { stdio: "inherit" }).status ?? 1);
