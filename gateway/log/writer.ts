import { dirname } from "node:path";
import { parentPort } from "node:worker_threads";
import { makeFolder, Refusal, troubleOf } from "./database.ts";
import type { WriterCall } from "./protocol.ts";
import { answerOn } from "./rpc.ts";
import { Writing } from "./writing.ts";

/** The thread that owns every write. */
let writing: Writing | undefined;

function serve(call: WriterCall): unknown {
  if (call.call === "open") {
    makeFolder(dirname(call.file));
    writing ??= new Writing(call.file);
    return writing.open();
  }
  if (!writing) throw new Refusal("the store is not open");
  switch (call.call) {
    case "commit":
      return writing.commit(call.commit);
    case "newest":
      return writing.newest();
    case "cells":
      return writing.cells(call.kind);
    case "tidy":
      return writing.tidy(call.order);
    case "close":
      return writing.close(call.meta);
  }
}

if (parentPort) answerOn<WriterCall>(parentPort, serve, troubleOf);
