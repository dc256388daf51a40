import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { now } from "../kill/talker.ts";

const sh = (command: string, ...args: string[]) =>
  execFileSync(command, args, { stdio: ["ignore", "pipe", "pipe"] })
    .toString()
    .trim();

function format(image: string, megabytes: number): void {
  sh("truncate", "-s", `${megabytes}M`, image);
  sh("mkfs.ext4", "-q", "-F", image);
}

/** What a power cut left, mounted: everything that had not been handed to the disk is gone. */
export interface Cut {
  folder: string;
  /** Everything that was reported done before `calledAt` must be in it, nothing that began after `frozenAt` can be. */
  calledAt: number;
  frozenAt: number;
  /** Nobody could write before. */
  thawedAt: number;
  /** The same as `calledAt` by the wall clock. */
  wall: number;
  close(): void;
}

export interface CuttableDisk {
  /** Where to write. */
  folder: string;
  /** What a power cut at this moment would leave. */
  cut(): Cut;
  close(): void;
}

/**
 * A disk image inside a disk image. Freezing the outer file system stops the inner image between two writes; the copy of it
 * taken then is what a machine would find after the power went, journal replay and all. Needs root.
 */
export function cuttableDisk(megabytes: number): CuttableDisk {
  const root = mkdtempSync(join(tmpdir(), "vigie-cut-"));
  const [outer, inner] = [join(root, "outer"), join(root, "inner")];
  mkdirSync(outer);
  mkdirSync(inner);
  format(join(root, "outer.img"), megabytes * 2 + 32);
  sh("mount", "-o", "loop", join(root, "outer.img"), outer);
  format(join(outer, "inner.img"), megabytes);
  sh("mount", "-o", "loop", join(outer, "inner.img"), inner);
  let cuts = 0;
  return {
    folder: inner,
    cut() {
      const snap = join("/dev/shm", `vigie-cut-${process.pid}-${cuts++}`);
      mkdirSync(snap);
      const image = `${snap}.img`;
      const [calledAt, wall] = [now(), Date.now()];
      sh("fsfreeze", "-f", outer);
      const frozenAt = now();
      let thawedAt = frozenAt;
      try {
        sh("cp", "--sparse=always", join(outer, "inner.img"), image);
      } finally {
        thawedAt = now();
        sh("fsfreeze", "-u", outer);
      }
      sh("mount", "-o", "loop", image, snap);
      return {
        folder: snap,
        calledAt,
        frozenAt,
        thawedAt,
        wall,
        close() {
          sh("umount", snap);
          rmSync(snap, { recursive: true });
          rmSync(image);
        },
      };
    },
    close() {
      sh("umount", inner);
      sh("umount", outer);
      rmSync(root, { recursive: true, force: true });
    },
  };
}
