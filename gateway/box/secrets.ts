import { readFileSync, statSync } from "node:fs";

/**
 * The secrets as systemd hands them to the service (`EnvironmentFile=`): NAME=value, one a line. Empty where the file is
 * missing or not ours to read, so that a command run by hand sees the site file as the service does.
 */
export function readSecrets(file: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return {};
  }
  const pairs = text.split("\n").flatMap((line) => {
    const [, name, value = ""] = /^\s*([A-Za-z_]\w*)=(.*)$/.exec(line) ?? [];
    return name ? [[name, unquoted(value.trim())] as const] : [];
  });
  return Object.fromEntries(pairs);
}

/** Whether others than the owner may read or change a file; undefined where there is none. */
export function isOpenToOthers(file: string): boolean | undefined {
  const known = statSync(file, { throwIfNoEntry: false });
  return known && (known.mode & 0o077) !== 0;
}

const unquoted = (value: string): string => /^(["'])(.*)\1$/.exec(value)?.[2] ?? value;
