import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { weakness } from "../../../gateway/web/access/passwords.ts";
import { describeWith } from "../../need.ts";

const LIST = "/usr/share/john/password.lst";

describeWith([LIST], "the 3,000 commonest passwords, from a list that we did not make", () => {
  const common = () =>
    readFileSync(LIST, "latin1")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#!"))
      .slice(0, 3_000);

  test("none of them will do", () => {
    const list = common();
    expect(list.length).toBe(3_000);
    expect(list.filter((password) => weakness(password, []) === undefined)).toEqual([]);
  });

  test("nor what people make of them to reach twelve characters: doubled, with a year, with digits in order", () => {
    const tried = common()
      .flatMap((word) => [
        `${word}${word}`,
        `${word}2026`,
        `${word}2026!`,
        `${word}123456`,
        `${word}1234567890`,
        `1234${word}`,
      ])
      .filter((password) => password.length >= 12);
    const accepted = tried.filter((password) => weakness(password, []) === undefined);
    expect(tried.length).toBeGreaterThan(5_000);
    // Mostly swear words, and words with digits inside.
    expect(accepted.length / tried.length, accepted.slice(0, 20).join(" ")).toBeLessThan(0.05);
  });
});

test("sentences and random characters will do, with few signs or many", () => {
  for (const password of [
    "mon tour ronronne",
    "la-poulie-couine",
    "qhzvxkwmtrpl",
    "7Gt-xk2-Qwm-9a",
    "quatre vis et un chapeau",
  ])
    expect(weakness(password, ["Claire"]), password).toBeUndefined();
});
