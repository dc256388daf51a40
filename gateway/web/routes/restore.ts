import { randomBytes } from "node:crypto";
import { mkdir, open, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { RestoreAnswer } from "../../core/api.ts";
import type { App, Desk } from "../app.ts";
import { HttpError, notFound } from "../errors.ts";
import { by } from "./users.ts";

/** Left free beside an upload: the store that runs meanwhile needs room too. */
const SPARE = 256 * 1024 * 1024;

const id = z.string().regex(/^[0-9a-f]{12}$/, "an id that POST /restore gave");

interface Upload {
  id: string;
  file: string;
  size: number;
  bytes: number;
  sound: boolean;
}

/** The one upload under way; one that was begun and left is replaced by the next. */
class Incoming {
  readonly #folder: string;
  #upload: Upload | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async begin(size: number): Promise<RestoreAnswer> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    if (this.#upload) await rm(this.#upload.file, { force: true });
    const { bavail, bsize } = await statfs(this.#folder);
    // Twice: the upload, and its copy in the place of the store.
    if (2 * size + SPARE > bavail * bsize)
      throw new HttpError(507, "full", "There is not enough room on the disk for it.");
    const fresh = randomBytes(6).toString("hex");
    this.#upload = { id: fresh, file: join(this.#folder, `restore-${fresh}.db`), size, bytes: 0, sound: false };
    await (await open(this.#upload.file, "wx", 0o600)).close();
    return { id: fresh, bytes: 0 };
  }

  async add(asked: string, at: number, piece: unknown): Promise<RestoreAnswer> {
    const one = this.known(asked);
    if (!Buffer.isBuffer(piece)) throw new HttpError(415, "wrong-type", "Send the piece as application/octet-stream.");
    if (at !== one.bytes || one.bytes + piece.length > one.size)
      throw new HttpError(409, "out-of-order", `The next piece begins at ${one.bytes} of ${one.size}.`);
    const file = await open(one.file, "r+");
    try {
      await file.write(piece, 0, piece.length, at);
    } finally {
      await file.close();
    }
    one.bytes += piece.length;
    return { id: one.id, bytes: one.bytes };
  }

  known(asked: string): Upload {
    if (this.#upload?.id !== asked) throw notFound("There is no such upload: begin again.");
    return this.#upload;
  }

  /** Whole, checked and wanted: it belongs to whoever takes it. */
  take(asked: string): Upload {
    const one = this.known(asked);
    if (!one.sound) throw new HttpError(409, "not-checked", "Check the file first.");
    this.#upload = undefined;
    return one;
  }
}

/**
 * A backup comes back. It arrives in pieces that fit the limits of every request, is checked whole, and is put in place
 * only when somebody says so once more.
 */
export function restoreRoutes(app: App, desk: Desk): void {
  const { store } = desk;
  if (!store) return;
  const config = { need: "admin" } as const;
  const schema = <S extends object>(more: S) => ({ config, schema: { tags: ["gateway"], ...more } });
  const incoming = new Incoming(join(desk.folder, "tmp"));
  app.addContentTypeParser("application/octet-stream", { parseAs: "buffer" }, (_request, body, done) =>
    done(null, body),
  );

  app.post(
    "/restore",
    schema({ body: z.strictObject({ size: z.int().min(1) }) }),
    async ({ body }, reply): Promise<RestoreAnswer> => reply.code(201).send(await incoming.begin(body.size)),
  );

  app.put(
    "/restore/:id/:at",
    schema({ params: z.strictObject({ id, at: z.coerce.number().int().min(0) }) }),
    async ({ params, body }): Promise<RestoreAnswer> => incoming.add(params.id, params.at, body),
  );

  app.post(
    "/restore/:id/check",
    schema({ params: z.strictObject({ id }) }),
    async ({ params }): Promise<RestoreAnswer> => {
      const one = incoming.known(params.id);
      const { size } = await stat(one.file);
      if (size !== one.size) throw new HttpError(409, "not-whole", `Only ${size} of ${one.size} bytes arrived.`);
      await store.check(one.file).catch((error: unknown) => {
        desk.say.warn(`web: a backup was refused: ${error instanceof Error ? error.message : error}`);
        throw new HttpError(422, "not-sound", "That is no sound backup of Vigie, or it is of a newer version.");
      });
      one.sound = true;
      return { id: one.id, bytes: size };
    },
  );

  app.post("/restore/:id", schema({ params: z.strictObject({ id }) }), async (request, reply) => {
    if (!store.restore)
      throw new HttpError(409, "not-here", "This gateway cannot start itself anew: use vigie restore.");
    const one = incoming.take(request.params.id);
    await desk.people.audit.note(by(request, "restore", `${one.size} bytes`));
    // Answered first: the restart closes every connection.
    reply.raw.once("finish", () => void store.restore?.(one.file));
    return reply.code(202).send({ id: one.id, bytes: one.size });
  });
}
