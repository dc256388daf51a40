import { createHash, randomBytes } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { NoteAnswer } from "../../core/api.ts";
import { time } from "../answers.ts";
import type { App, Desk } from "../app.ts";
import { HttpError, notFound } from "../errors.ts";
import { saveWhole } from "../files.ts";
import { by } from "./users.ts";

const PHOTO_BYTES = 6 * 1024 * 1024;
const PHOTOS = 20_000;
const NOTES = 5_000;

const photoId = z.string().regex(/^[0-9a-f]{64}$/);

const note = z.object({
  id: z.string(),
  t: time,
  machine: z.string(),
  by: z.string(),
  kind: z.enum(["note", "problem", "repair"]),
  text: z.string(),
  photo: photoId.exactOptional(),
});

/** The logbook of each machine: what people wrote and photographed. Nothing in it is ever changed or removed. */
export function noteRoutes(app: App, desk: Desk): void {
  const { cells, clock } = desk;
  const machineParam = z.strictObject({ id: z.string().max(64) });

  const load = async (machine: string): Promise<NoteAnswer[]> => {
    const stored = await cells.load(kindOf(machine));
    return [...stored.values()].map((value) => note.parse(value)).sort((a, b) => b.t - a.t || (a.id < b.id ? 1 : -1));
  };

  app.get(
    "/machines/:id/notes",
    {
      config: { need: "viewer" },
      schema: { tags: ["logbook"], params: machineParam, response: { 200: z.array(note) } },
    },
    async ({ params }) => load(machineOr404(desk, params.id)),
  );

  app.post(
    "/machines/:id/notes",
    {
      config: { need: "viewer" },
      schema: {
        tags: ["logbook"],
        params: machineParam,
        body: z.strictObject({
          kind: note.shape.kind.default("note"),
          text: z.string().trim().min(1).max(4_000),
          photo: photoId.optional(),
        }),
      },
    },
    async (request, reply) => {
      const machine = machineOr404(desk, request.params.id);
      const { kind, text, photo } = request.body;
      if (photo && !existsSync(join(desk.folder, "photos", photo))) throw notFound("There is no such photo.");
      const before = await cells.load(kindOf(machine));
      if (before.size >= NOTES) throw new HttpError(507, "full", `The logbook of ${machine} holds ${NOTES} notes.`);
      const t = clock.now();
      const id = `${String(t).padStart(15, "0")}-${randomBytes(3).toString("hex")}`;
      const value: NoteAnswer = {
        id,
        t,
        machine,
        by: request.visitor?.name ?? "",
        kind,
        text,
        ...(photo && { photo }),
      };
      await cells.commit({ cells: [{ kind: kindOf(machine), key: id, value }] });
      await desk.people.audit.note(by(request, `logbook-${kind}`, `${machine} ${id}`));
      return reply.code(201).send(value);
    },
  );

  photoRoutes(app, desk);
}

function photoRoutes(app: App, desk: Desk): void {
  const place = join(desk.folder, "photos");
  app.addContentTypeParser(/^image\//, { parseAs: "buffer", bodyLimit: PHOTO_BYTES }, (_request, body, done) =>
    done(null, body),
  );

  app.post(
    "/photos",
    {
      config: { need: "viewer" },
      bodyLimit: PHOTO_BYTES,
      schema: { tags: ["logbook"], description: "The image as the body; answers its id." },
    },
    async (request, reply) => {
      const { body } = request;
      if (!Buffer.isBuffer(body) || !imageType(body))
        throw new HttpError(415, "not-an-image", "A photo is JPEG, PNG or WebP.");
      await mkdir(place, { recursive: true, mode: 0o700 });
      if ((await readdir(place)).length >= PHOTOS)
        throw new HttpError(507, "full", `There are ${PHOTOS} photos already.`);
      const photo = createHash("sha256").update(body).digest("hex");
      await saveWhole(join(place, photo), body);
      return reply.code(201).send({ photo });
    },
  );

  app.get(
    "/photos/:photo",
    { config: { need: "wall" }, schema: { tags: ["logbook"], params: z.strictObject({ photo: photoId }) } },
    async ({ params }, reply) => {
      const path = join(place, params.photo);
      if (!existsSync(path)) throw notFound("There is no such photo.");
      const file = await open(path, "r");
      const head = Buffer.alloc(16);
      await file.read(head, 0, 16, 0);
      await file.close();
      return reply
        .type(imageType(head) ?? "application/octet-stream")
        .header("cache-control", "private, max-age=31536000, immutable")
        .send(createReadStream(path));
    },
  );
}

/** By its first bytes, whatever its name and header say. */
function imageType(bytes: Buffer): string | undefined {
  if (bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return "image/jpeg";
  if (bytes.subarray(0, 4).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47]))) return "image/png";
  const riff =
    bytes.subarray(0, 4).toString("latin1") === "RIFF" && bytes.subarray(8, 12).toString("latin1") === "WEBP";
  return riff ? "image/webp" : undefined;
}

const kindOf = (machine: string): string => `note:${machine}`;

function machineOr404(desk: Desk, id: string): string {
  if (!desk.machines.has(id)) throw notFound(`There is no machine ${id}.`);
  return id;
}
