import { z } from "zod";
import type { Plugins } from "../plugin.ts";
import { document } from "./load.ts";
import { pluginHead } from "./schema.ts";
import { sections } from "./sections.ts";

type JsonSchema = Record<string, unknown>;

const LISTS = {
  drivers: "Who reads the machines.",
  sinks: "Where readings go.",
  detectors: "Rules of your own; every point has sensible ones without this.",
  notifiers: "How alarms reach people and other machines.",
} as const;

/** The site file as a JSON schema, for editors: plain sections, and for each list one branch per plugin type. */
export function jsonSchema(plugins: Plugins): JsonSchema {
  const whole = plain(document);
  const properties = { ...(whole.properties as JsonSchema) };
  for (const [key, description] of Object.entries(LISTS) as [keyof typeof LISTS, string][]) {
    const head = key === "detectors" ? sections.rule : pluginHead;
    const branches = [...plugins[key]].map(([type, plugin]) => branch(type, plain(head), plain(plugin.options)));
    properties[key] = { description, type: "array", items: { oneOf: branches } };
  }
  return { ...whole, title: "Vigie site file", properties };
}

function branch(type: string, head: JsonSchema, options: JsonSchema): JsonSchema {
  const required = [...((head.required as string[]) ?? []), ...((options.required as string[]) ?? [])];
  return {
    ...options,
    title: type,
    properties: { ...(head.properties as JsonSchema), ...(options.properties as JsonSchema), type: { const: type } },
    required: [...new Set(required)],
  };
}

/** What may be written in YAML: the input side of a schema. Parts without a JSON form (transforms) become "anything". */
function plain(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    reused: "inline",
  }) as JsonSchema;
  return rest;
}
