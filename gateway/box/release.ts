import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { papers, seal } from "./manifest.ts";
import { sourceParts } from "./package-files.ts";
import { billOfMaterials } from "./sbom.ts";

export interface ReleaseOptions {
  /** A checkout with a built dashboard. */
  source: string;
  /** Where the tarball goes. */
  target: string;
  version: string;
  arch: "x64" | "arm64";
  /** The ed25519 private key, PEM. */
  key: string;
}

/** Makes `vigie-<version>-linux-<arch>.tar.gz`: sources, production dependencies, SBOM, manifest and signature. */
export async function makeRelease(options: ReleaseOptions): Promise<string> {
  const { source, target, version, arch } = options;
  const name = `vigie-${version}-linux-${arch}`;
  const staging = mkdtempSync(join(tmpdir(), "vigie-release-"));
  const folder = join(staging, name);
  try {
    stage(source, folder, arch);
    await seal(folder, { version, arch }, options.key);
    mkdirSync(target, { recursive: true });
    const file = join(target, `${name}.tar.gz`);
    // The same files give the same tarball, whoever packs them and when.
    execFileSync("tar", [
      "--sort=name",
      "--owner=0",
      "--group=0",
      "--numeric-owner",
      "--mtime=@0",
      "-czf",
      file,
      "-C",
      staging,
      name,
    ]);
    return file;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Sources and, by npm from the lockfile, the production dependencies of that architecture. */
function stage(source: string, folder: string, arch: string): void {
  for (const part of sourceParts(source)) {
    mkdirSync(dirname(join(folder, part)), { recursive: true });
    cpSync(join(source, part), join(folder, part), { recursive: true });
  }
  const quietly = ["--no-bin-links", "--no-audit", "--no-fund"];
  execFileSync("npm", ["ci", "--omit=dev", "--ignore-scripts", ...quietly, "--os=linux", `--cpu=${arch}`], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  writeFileSync(join(folder, papers.sbom), billOfMaterials(folder));
  rmSync(join(folder, "node_modules/.package-lock.json"), { force: true });
}

/** A Debian package around an unpacked tarball: the files under /opt, the rest done by `vigie install`. */
export function makeDebianPackage(tarball: string, version: string, arch: "x64" | "arm64"): string {
  const staging = mkdtempSync(join(tmpdir(), "vigie-deb-"));
  const architecture = arch === "x64" ? "amd64" : "arm64";
  const home = `/opt/vigie/releases/${version}`;
  const vigie = `${home}/node_modules/node-linux-${arch}/bin/node ${home}/gateway/bin.mjs`;
  try {
    mkdirSync(join(staging, home), { recursive: true });
    execFileSync("tar", ["-xzf", tarball, "--strip-components=1", "-C", join(staging, home)]);
    mkdirSync(join(staging, "DEBIAN"));
    const control = [
      "Package: vigie",
      `Version: ${version}`,
      `Architecture: ${architecture}`,
      "Maintainer: The Vigie project <vigie@localhost>",
      "Depends: libc6 (>= 2.28), libstdc++6, passwd, openssl",
      "Section: net",
      "Priority: optional",
      "Description: the lookout for old machines",
      " Reads Modbus and serial sensors, keeps every reading, warns before a machine breaks.",
    ];
    const write = (file: string, text: string, mode: number) =>
      writeFileSync(join(staging, "DEBIAN", file), text, { mode });
    write("control", `${control.join("\n")}\n`, 0o644);
    write("conffiles", "", 0o644);
    write("postinst", `#!/bin/sh\nset -e\n[ "$1" = configure ] && ${vigie} install\nexit 0\n`, 0o755);
    write("prerm", `#!/bin/sh\nset -e\n[ "$1" = remove ] && ${vigie} uninstall\nexit 0\n`, 0o755);
    // What root's own commands have compiled is in no package: with it the folder of the earlier version would stay.
    write("postrm", `#!/bin/sh\nset -e\n[ "$1" = upgrade ] && rm -rf ${home}/node_modules/.cache\nexit 0\n`, 0o755);
    const file = join(dirname(tarball), `vigie_${version}_${architecture}.deb`);
    execFileSync("dpkg-deb", ["--root-owner-group", "-Zxz", "-z1", "--build", staging, file], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    return file;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}
