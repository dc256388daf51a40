import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { productionPackages } from "./package-files.ts";

interface Bill {
  components: { "bom-ref": string }[];
  dependencies: { ref: string; dependsOn: string[] }[];
  metadata: { component: { "bom-ref": string } };
}

/**
 * What a release is made of besides itself (CycloneDX): the packages that run, as the lockfile pins them. npm writes the list; asked to leave
 * out what is for development, it leaves out what runs as well wherever a development tool names it too (yaml, nodemailer).
 */
export function billOfMaterials(folder: string): string {
  const lock = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
  const runs = new Set(
    productionPackages(folder).map((path) => `${path.split("node_modules/").pop()}@${lock.packages[path].version}`),
  );
  const all: Bill = JSON.parse(
    execFileSync("npm", ["sbom", "--package-lock-only", "--sbom-format=cyclonedx"], {
      cwd: folder,
      encoding: "utf8",
      maxBuffer: 64 << 20,
      stdio: ["ignore", "pipe", "pipe"],
    }),
  );
  const own = all.metadata.component["bom-ref"];
  const bill: Bill = {
    ...all,
    components: all.components.filter((one) => runs.has(one["bom-ref"])),
    dependencies: all.dependencies
      .filter(({ ref }) => ref === own || runs.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((name) => runs.has(name)) })),
  };
  return `${JSON.stringify(bill, undefined, 1)}\n`;
}
