import type { App } from "../app.ts";
import { escaped } from "../escaped.ts";

interface OpenApi {
  info: { title: string; version: string };
  paths?: Record<string, Record<string, { description?: string; summary?: string; tags?: string[] }>>;
}

/** The contract as OpenAPI JSON for programs, and as a plain page for people (a viewer from npm weighs 12 MB). */
export function docsRoutes(app: App): void {
  app.get("/api/docs", { config: { need: "anyone" }, schema: { hide: true } }, async (request, reply) => {
    const document: OpenApi = app.swagger() as OpenApi;
    if (!request.headers.accept?.includes("text/html")) return document;
    return reply.type("text/html; charset=utf-8").send(page(document));
  });
}

function page({ info, paths = {} }: OpenApi): string {
  const rows = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, { summary, description }]) =>
        `<tr><td>${method.toUpperCase()}</td><td><code>${escaped(path)}</code></td><td>${escaped(summary ?? description ?? "")}</td></tr>`,
    ),
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escaped(info.title)} ${escaped(info.version)}</title>
<h1>${escaped(info.title)} ${escaped(info.version)}</h1>
<p>The whole contract as OpenAPI: ask this address without <code>Accept: text/html</code>.</p>
<table>${rows.join("\n")}</table></html>`;
}
