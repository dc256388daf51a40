import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import type { ConfigAnswer } from "../../core/api.ts";
import { type Language, textOf } from "../../core/text.ts";
import { inLanguage } from "../answers.ts";
import type { App, Desk } from "../app.ts";
import { HttpError } from "../errors.ts";
import { saveWhole } from "../files.ts";
import type { ConfigDoor } from "../parts.ts";
import { edited } from "../yaml-edit.ts";
import { by } from "./users.ts";

const MAX_TEXT = 512 * 1024;
const text = z.string().max(MAX_TEXT);
const revision = z.string().length(16);
const step = z.union([z.string().max(100), z.int().min(0).max(10_000)]);

interface Asked {
  lang?: Language | undefined;
}

/** The site file: read, checked, edited with its comments kept, and saved whole or not at all. */
export function configRoutes(app: App, desk: Desk): void {
  const { config, site } = desk;
  if (!config) return;
  const schema = { tags: ["config"], querystring: inLanguage };
  const answer = async (yaml: string, { lang = site.language }: Asked): Promise<ConfigAnswer> => ({
    text: yaml,
    revision: revisionOf(yaml),
    ...(await config.check(yaml, lang)),
  });

  app.get("/config", { config: { need: "integrator" }, schema }, async ({ query }) =>
    answer(await readFile(config.file, "utf8"), query),
  );

  app.post(
    "/config/check",
    { config: { need: "integrator" }, schema: { ...schema, body: z.strictObject({ text }) } },
    async ({ body, query }) => answer(body.text, query),
  );

  app.post(
    "/config/edit",
    {
      config: { need: "integrator" },
      schema: {
        ...schema,
        description:
          "Applies edits to the file as it is and answers the text; saves nothing. `add` appends to a list; without a value the place is removed.",
        body: z.strictObject({
          edits: z
            .array(
              z.strictObject({
                path: z.array(step).max(20),
                value: z.unknown().optional(),
                add: z.boolean().default(false),
              }),
            )
            .min(1)
            .max(200),
        }),
      },
    },
    async ({ body, query }) => answer(edited(await readFile(config.file, "utf8"), body.edits), query),
  );

  app.put(
    "/config",
    { config: { need: "integrator" }, schema: { ...schema, body: z.strictObject({ text, revision }) } },
    async (request) => {
      const before = await readFile(config.file, "utf8");
      if (revisionOf(before) !== request.body.revision)
        throw new HttpError(409, "changed", {
          fr: "Quelqu'un a changé le fichier entre-temps. Rechargez-le.",
          en: "Somebody changed the file meanwhile. Load it again.",
        });
      const { lang = site.language } = request.query;
      const { problems } = await config.check(request.body.text, lang);
      if (problems.length > 0) throw new HttpError(422, "wrong-config", problems.join("\n"));
      await save(config, before, request.body.text);
      await desk.people.audit.note(
        by(request, "config-saved", `${request.body.revision} → ${revisionOf(request.body.text)}`),
      );
      return answer(request.body.text, request.query);
    },
  );
}

/** Writes the new file and runs it; should it not start, the old one comes back. */
async function save(config: ConfigDoor, before: string, after: string): Promise<void> {
  try {
    await saveWhole(`${config.file}.before`, before);
    await saveWhole(config.file, after);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new HttpError(409, "not-writable", {
      fr: `La passerelle ne peut pas écrire ${config.file} (${error.code}) ; rien n'a changé. Le fichier et son dossier doivent appartenir à l'utilisateur sous lequel elle tourne (« sudo vigie install » les remet en ordre).`,
      en: `The gateway cannot write ${config.file} (${error.code}); nothing has changed. The file and its folder must belong to the user it runs as ("sudo vigie install" puts them right).`,
    });
  }
  if (!config.apply) return;
  try {
    await config.apply();
  } catch (error) {
    await saveWhole(config.file, before);
    await config.apply();
    const why = textOf(error);
    throw new HttpError(422, "did-not-start", {
      fr: `Il n'a pas démarré, l'ancien tourne à nouveau : ${why.fr}`,
      en: `It did not start, the old one runs again: ${why.en}`,
    });
  }
}

const revisionOf = (yaml: string): string => createHash("sha256").update(yaml).digest("hex").slice(0, 16);
