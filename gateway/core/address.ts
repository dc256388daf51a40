/** Where this machine itself reaches what listens on `host`. */
export const fromHere = (host: string): string => (host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host);

/** Whether a host name or address is this machine itself. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);

/** What may be told of an address: scheme, host and port. User, path and query may each hold a secret; a webhook's path is one. */
export function shownAddress(address: string): string {
  if (!URL.canParse(address)) return "…";
  const { protocol, host } = new URL(address);
  return `${protocol}//${host}`;
}
