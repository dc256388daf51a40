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
  const shared: JsonSchema = {};
  const whole = plain(document, "site", shared);
  const properties = { ...(whole.properties as JsonSchema) };
  for (const [key, description] of Object.entries(LISTS) as [keyof typeof LISTS, string][]) {
    const head = key === "detectors" ? sections.rule : pluginHead;
    const branches = [...plugins[key]].map(([type, plugin]) => {
      const name = `${key}-${type}`;
      return branch(type, plain(head, `${name}-head`, shared), plain(plugin.options, name, shared));
    });
    properties[key] = { description, type: "array", items: { oneOf: branches } };
  }
  return { ...whole, title: "Vigie site file", properties, $defs: shared };
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

/**
 * What may be written in YAML: the input side of a schema. Parts without a JSON form (transforms) become "anything".
 * Definitions that refer to themselves move to `shared`, under the name of where they came from.
 */
function plain(schema: z.ZodType, name: string, shared: JsonSchema): JsonSchema {
  const made = z.toJSONSchema(schema, { io: "input", unrepresentable: "any", reused: "inline" });
  const text = JSON.stringify(made).replaceAll("#/$defs/", `#/$defs/${name}`);
  const { $schema: _, $defs = {}, ...rest } = JSON.parse(text, allowVariables) as JsonSchema;
  for (const [key, value] of Object.entries($defs as JsonSchema)) shared[name + key] = value;
  return rest;
}

/** A text with a pattern may also be written with a `${VARIABLE}` in it. */
const allowVariables = (key: string, value: unknown): unknown =>
  key === "pattern" && typeof value === "string" ? `\\$\\{|(?:${value})` : value;
