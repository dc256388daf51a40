import { X509Certificate } from "node:crypto";
import type { App } from "../app.ts";
import { notFound } from "../errors.ts";

/** The box's own authority, for phones and PCs that are to trust it; the page `/trust` explains how. */
export function trustRoutes(app: App, authority: () => string | undefined): void {
  app.get("/ca.crt", { config: { need: "anyone" }, schema: { hide: true } }, async (_request, reply) => {
    const ca = authority();
    if (!ca) throw notFound("This box uses no authority of its own.");
    return reply
      .type("application/x-x509-ca-cert")
      .header("content-disposition", 'attachment; filename="vigie-ca.crt"')
      .send(new X509Certificate(ca).raw);
  });
}
