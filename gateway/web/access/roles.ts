import { z } from "zod";
import { type Role, roles } from "../../core/api.ts";

/** Roles that an account can have. */
export const accountRole = z.enum(["viewer", "maintenance", "integrator", "admin"]);

/** Who may call a route. Every route says it; one that does not is refused when the server starts. */
export type Need = "anyone" | Role;

declare module "fastify" {
  interface FastifyContextConfig {
    need?: Need;
  }
  interface FastifyRequest {
    /** Who asks; undefined for a stranger. */
    visitor: Visitor | undefined;
  }
}

export interface Visitor {
  name: string;
  role: Role;
  /** The session's own handle, for its list and its end; undefined where no account is needed. */
  session?: string;
}

export const may = (role: Role, need: Role): boolean => roles.indexOf(role) >= roles.indexOf(need);
