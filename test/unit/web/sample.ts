/** As much of JSON Schema as the contract uses. */
export interface JsonSchema {
  type?: string;
  const?: unknown;
  enum?: readonly unknown[];
  anyOf?: readonly JsonSchema[];
  oneOf?: readonly JsonSchema[];
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  minItems?: number;
  minLength?: number;
  minimum?: number;
  pattern?: string;
}

const WORDS = ["tour-2", "tour-2/temp", "/dev/ttyUSB0", "0".repeat(16), "0".repeat(64), "un cheval mange du foin"];

/** A value that such a schema takes, with every key that it knows. */
// biome-ignore lint/suspicious/noExplicitAny: what comes out is as free as JSON
export function sample(schema: JsonSchema): any {
  const [first] = schema.anyOf ?? schema.oneOf ?? [];
  if (first) return sample(first);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  switch (schema.type) {
    case "object":
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([key, one]) => [key, sample(one)]));
    case "array":
      return Array.from({ length: Math.max(1, schema.minItems ?? 0) }, () => sample(schema.items ?? {}));
    case "integer":
    case "number":
      return schema.minimum ?? 1;
    case "boolean":
      return false;
    case "string":
      return WORDS.find((word) => fits(word, schema)) ?? "?";
    default:
      return null;
  }
}

const fits = (word: string, { pattern = "", minLength = 0 }: JsonSchema) =>
  word.length >= minLength && new RegExp(pattern, "u").test(word);

/** Every object in a value, the outermost first. */
export function objectsIn(value: unknown): object[] {
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.values(value).flatMap(objectsIn);
  return Array.isArray(value) ? inner : [value, ...inner];
}
