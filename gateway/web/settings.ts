import { z } from "zod";
import { isLoopback } from "../core/address.ts";
import { reason } from "../core/text.ts";

/** The key `web:` of the site file. */
export const webSettings = z
  .strictObject({
    host: z.string().min(1).default("127.0.0.1"),
    port: z.int().min(0).max(65_535).default(8080),
    /** Everybody who reaches the page may use it, without an account. Only allowed on loopback. */
    open: z.boolean().default(false),
    /** Further names by which browsers reach this box; requests for any other are refused (DNS rebinding). */
    names: z.array(z.string().min(1).max(253)).max(20).default([]),
    /** A certificate of your own instead of the one that the box makes for itself. */
    tls: z.strictObject({ cert: z.string().min(1), key: z.string().min(1) }).optional(),
    /** Where weaknesses of this box are reported (`mailto:` or `https:`): served as `/.well-known/security.txt`. */
    security_contact: z
      .string()
      .regex(/^(mailto:|https:\/\/)[!-~]{3,200}$/)
      .optional(),
    /** What a kWh costs and emits; `source` says where the factor comes from, because it is shown with every figure. */
    energy: z
      .strictObject({
        price: z.number().min(0),
        currency: z.string().length(3).default("EUR"),
        co2: z.strictObject({ grams: z.number().min(0), source: z.string().min(1).max(200) }).optional(),
      })
      .optional(),
  })
  .refine((web) => !web.open || isLoopback(web.host), {
    path: ["open"],
    message: reason({
      fr: "`open: true` veut dire sans compte : seulement avec `host: 127.0.0.1`",
      en: "`open: true` means no account: it is only allowed with `host: 127.0.0.1`",
    }),
  })
  .prefault({});

export type WebSettings = z.infer<typeof webSettings>;
