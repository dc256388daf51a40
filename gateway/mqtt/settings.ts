import { z } from "zod";
import { isLoopback } from "../core/address.ts";
import { reason } from "../core/text.ts";

/** The key `broker:` of the site file: the MQTT broker inside the gateway. */
export const brokerSettings = z
  .strictObject({
    /** `false` where sinks and drivers name a broker of their own. */
    enabled: z.boolean().default(true),
    host: z.string().min(1).default("127.0.0.1"),
    port: z.int().min(0).max(65_535).default(1883),
    /** Anybody on this machine may subscribe without a password. Only allowed on loopback; publishing always needs one. */
    open: z.boolean().default(false),
    /** MQTT over TLS for the LAN. With `clients`, only clients with a certificate of that authority may connect. */
    tls: z
      .strictObject({
        port: z.int().min(0).max(65_535).default(8883),
        host: z.string().min(1).default("0.0.0.0"),
        cert: z.string().min(1).optional(),
        key: z.string().min(1).optional(),
        clients: z.string().min(1).optional(),
        /** Certificates of that authority that are void (a CRL in PEM); read again when the file changes. */
        revoked: z.string().min(1).optional(),
      })
      .refine((tls) => tls.revoked === undefined || tls.clients !== undefined, {
        path: ["revoked"],
        message: reason({
          fr: "une liste de certificats révoqués demande `clients`, l'autorité qui les a signés",
          en: "a list of revoked certificates needs `clients`, the authority that signed them",
        }),
      })
      .optional(),
  })
  .refine((broker) => !broker.open || isLoopback(broker.host), {
    path: ["open"],
    message: reason({
      fr: "`open: true` veut dire sans mot de passe : seulement avec `host: 127.0.0.1`",
      en: "`open: true` means no password: it is only allowed with `host: 127.0.0.1`",
    }),
  })
  .prefault({});

export type BrokerSettings = z.infer<typeof brokerSettings>;

const BROKER_REASON = reason({
  fr: "il faut mqtt://hôte:port ou mqtts://hôte:port",
  en: "expected mqtt://host:port or mqtts://host:port",
});

/** Options with which a sink, notifier or driver reaches a broker; without `url` it is the embedded one. */
export const linkOptions = {
  /** `mqtt://host:1883` or `mqtts://host:8883`. */
  url: z
    .string()
    .regex(/^(mqtts?|tcp|ssl):\/\//, BROKER_REASON)
    .refine((url) => URL.canParse(url), BROKER_REASON)
    .optional(),
  username: z.string().min(1).max(256).optional(),
  password: z.string().min(1).max(1024).optional(),
  client_id: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .optional(),
  /** Files in PEM: the authority that signed the broker's certificate, and a client certificate with its key. */
  ca: z.string().min(1).optional(),
  cert: z.string().min(1).optional(),
  key: z.string().min(1).optional(),
  version: z.enum(["3.1.1", "5"]).default("3.1.1"),
};

const link = z.strictObject(linkOptions);
export type LinkOptions = z.infer<typeof link>;
