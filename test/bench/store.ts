import { parseArgs } from "node:util";
import { drain } from "./store/drain.ts";
import { exports } from "./store/exports.ts";
import { queries } from "./store/queries.ts";
import { rate } from "./store/rate.ts";
import { wear } from "./store/wear.ts";

/** npm run bench -- store [wear|rate|queries|exports|drain …] [--seconds 120] [--days 30]: figures, one JSON line per part. */
const parts = { rate, drain, queries, exports, wear };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: "string", default: "120" }, days: { type: "string", default: "30" } },
});
const wanted = positionals.length > 0 ? positionals : Object.keys(parts);
for (const [name, part] of Object.entries(parts)) {
  if (!wanted.includes(name)) continue;
  console.log(
    JSON.stringify({ part: name, ...(await part({ seconds: Number(values.seconds), days: Number(values.days) })) }),
  );
}
