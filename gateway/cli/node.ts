import { run as runNode, usage } from "../../firmware-bridge/cli.ts";
import { terminalLanguage } from "../cli.ts";

export const summary = {
  fr: "montre, interroge ou joue un nœud à microcontrôleur",
  en: "shows, talks to or plays a microcontroller node",
};

export { usage };

export const run = (args: string[]): Promise<number> => runNode(args, terminalLanguage());
