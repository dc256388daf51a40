/** Where this machine itself reaches what listens on `host`. */
export const fromHere = (host: string): string => (host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host);

/** Whether a host name or address is this machine itself. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
