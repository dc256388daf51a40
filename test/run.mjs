// `npm test`: brings the Debian programs that the suites run against (as root), then runs every test.
// Arguments go to vitest: `npm test -- test/unit`.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";

// One Debian package a line in test/debian-packages.txt, with the program that shows that it is there.
const wanted = readFileSync(new URL("./debian-packages.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line.trim() && !line.startsWith("#"))
  .map((line) => line.trim().split(/\s+/))
  .map(([name, proof]) => ({ name, proof }));

const present = (proof) =>
  proof.startsWith("/")
    ? spawnSync("sh", ["-c", `ls ${proof}`], { stdio: "ignore" }).status === 0
    : spawnSync("sh", ["-c", `PATH="$PATH:/usr/sbin:/sbin" command -v ${proof}`], { stdio: "ignore" }).status === 0;

const missing = wanted.filter(({ proof }) => !present(proof)).map(({ name }) => name);
if (missing.length > 0) {
  if (process.getuid?.() === 0) {
    console.log(`installing Debian packages for the tests: ${missing.join(" ")}`);
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    // A package that starts a server at install would hold its port: the suites start their own.
    spawnSync("apt-get", ["update", "-q"], { stdio: "ignore", env });
    spawnSync("apt-get", ["install", "-y", "-q", "--no-install-recommends", ...missing], { stdio: "inherit", env });
  } else {
    console.warn(
      `\nNot root: these Debian packages are missing and their suites will be SKIPPED:\n  sudo apt-get install ${missing.join(" ")}\n`,
    );
  }
}

const run = (command, args) => {
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
};

run("npm", ["run", "--silent", "build"]);
run("npx", ["vitest", "run", ...process.argv.slice(2)]);
