/** Whether a topic falls under an MQTT filter (`+` one level, `#` the rest; neither matches a leading `$`). */
export function matches(filter: string, topic: string): boolean {
  if (topic.startsWith("$") && !filter.startsWith("$")) return false;
  const want = filter.split("/");
  const have = topic.split("/");
  for (const [i, level] of want.entries()) {
    if (level === "#") return true;
    if (i >= have.length || (level !== "+" && level !== have[i])) return false;
  }
  return want.length === have.length;
}

/** Whether everything that `asked` can ever match is also matched by `allowed`. */
export function covers(allowed: string, asked: string): boolean {
  if (asked.startsWith("$") !== allowed.startsWith("$")) return false;
  const have = allowed.split("/");
  const want = asked.split("/");
  for (const [i, level] of have.entries()) {
    if (level === "#") return true;
    const other = want[i];
    if (other === undefined || other === "#") return false;
    if (level !== "+" && level !== other) return false;
  }
  return have.length === want.length;
}
