import { existsSync } from "node:fs";
import { join } from "node:path";
import staticFiles from "@fastify/static";
import type { App, Desk } from "../app.ts";
import { notFound } from "../errors.ts";

/** The built dashboard. Addresses that are no file are pages of it (`/m/tour-2`), so they get its one HTML file. */
export async function pageRoutes(app: App, desk: Desk): Promise<void> {
  const folder = desk.dashboard;
  if (!folder || !existsSync(join(folder, "index.html"))) {
    app.get("/", { config: { need: "anyone" }, schema: { hide: true } }, async (_request, reply) =>
      reply
        .type("text/plain; charset=utf-8")
        .send("Vigie is running. The dashboard was not built: run `npm run build`. The API is at /api/docs.\n"),
    );
    return;
  }
  await app.register(staticFiles, { root: folder, serve: false, index: false });
  app.get("/*", { config: { need: "anyone" }, schema: { hide: true } }, async (request, reply) => {
    const path = request.url.split("?")[0] ?? "/";
    if (path.startsWith("/api/")) throw notFound("There is nothing at this address.");
    const file = decode(path);
    // Vite puts a hash into the names under assets/: those never change.
    if (file.startsWith("assets/")) return reply.sendFile(file, { maxAge: "365d", immutable: true });
    if (/\.[a-z0-9]{2,11}$/i.test(file) && existsSync(join(folder, file)))
      return reply.header("cache-control", "no-cache").sendFile(file, { cacheControl: false });
    if (/\.[a-z0-9]{2,11}$/i.test(file)) throw notFound("There is no such file.");
    return reply.header("cache-control", "no-cache").sendFile("index.html", { cacheControl: false });
  });
}

/** A path inside the folder; anything that would leave it is no file at all. */
function decode(path: string): string {
  try {
    const file = decodeURIComponent(path).slice(1);
    return /(^|[\\/])\.\.([\\/]|$)|\0/.test(file) ? "" : file;
  } catch {
    return "";
  }
}
