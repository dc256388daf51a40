import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe-core finds wrong on the page as it stands, one line each; `only` some of its rules where given. */
export async function axeFindings(page: Page, only?: string[]): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async (rules) => {
    const { violations } = await Reflect.get(window, "axe").run(document, {
      resultTypes: ["violations"],
      ...(rules && { runOnly: rules }),
    });
    return violations.map(
      (found: { id: string; nodes: { html: string; failureSummary: string }[] }) =>
        `${found.id}: ${found.nodes.map((node) => `${node.html.slice(0, 120)} ${node.failureSummary}`).join(" | ")}`,
    );
  }, only);
}
