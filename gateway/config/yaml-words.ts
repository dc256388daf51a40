import type { ErrorCode } from "yaml";
import type { Text } from "../core/text.ts";

/** What is wrong with the YAML itself. The parser's own words are for people who write parsers. */
const YAML_WORDS: Partial<Record<ErrorCode, Text>> = {
  BAD_INDENT: {
    fr: "cette ligne n'est pas placée sous celle dont elle dépend : vérifiez les espaces au début",
    en: "this line does not stand under the one that it belongs to: check the spaces at its beginning",
  },
  BLOCK_AS_IMPLICIT_KEY: {
    fr: "une clé et sa valeur ne vont pas ensemble ici : vérifiez les espaces au début des lignes",
    en: "a key and its value do not fit together here: check the spaces at the beginning of the lines",
  },
  BLOCK_IN_FLOW: {
    fr: "un { ou un [ est ouvert ici et n'est pas fermé avant la ligne suivante",
    en: "a { or [ is opened here and not closed before the next line begins",
  },
  DUPLICATE_KEY: {
    fr: "cette clé est deux fois dans son groupe : n'en gardez qu'une",
    en: "this key stands twice in its group: keep one",
  },
  MISSING_CHAR: {
    fr: "quelque chose est ouvert et n'est pas fermé : cherchez un guillemet, } ou ] qui manque",
    en: "something that was opened is not closed: look for a missing quote, } or ]",
  },
  MULTILINE_IMPLICIT_KEY: {
    fr: "une clé et ses deux-points vont sur une seule ligne : cherchez juste avant un guillemet, } ou ] qui manque",
    en: "a key and its colon belong on one line: look for a missing quote, } or ] just before",
  },
  MULTIPLE_DOCS: {
    fr: "un fichier décrit un seul site : enlevez la ligne ---",
    en: "one file holds one site: take out the line ---",
  },
  TAB_AS_INDENT: {
    fr: "cette ligne commence par une tabulation : mettez des espaces",
    en: "a tab stands at the beginning of this line: use spaces",
  },
  UNEXPECTED_TOKEN: {
    fr: "ceci n'a pas sa place ici : cherchez juste avant un guillemet, une virgule, } ou ] qui manque",
    en: "this does not belong here: look for a missing quote, comma, } or ] just before",
  },
  BAD_SCALAR_START: {
    fr: "une valeur ne peut pas commencer par ce signe : mettez-la entre guillemets",
    en: "a value may not begin with this sign: put it in quotes",
  },
  BAD_ALIAS: {
    fr: "* renvoie à un nom qui n'est pas défini : mettez la valeur entre guillemets, ou écrivez-la en entier",
    en: "* refers to a name that is not defined: put the value in quotes, or write it out",
  },
  BAD_DQ_ESCAPE: {
    fr: "ce que dit \\ entre guillemets n'existe pas : écrivez \\\\, ou mettez la valeur entre apostrophes",
    en: "there is no such sign after \\ in quotes: write \\\\, or put the value in single quotes",
  },
  TAG_RESOLVE_FAILED: {
    fr: "une valeur ne peut pas commencer par ! : mettez-la entre guillemets",
    en: "a value may not begin with !: put it in quotes",
  },
  RESOURCE_EXHAUSTION: { fr: "le fichier est trop profondément imbriqué", en: "the file is nested too deeply" },
};

export const yamlWords = (code: ErrorCode): Text =>
  YAML_WORDS[code] ?? {
    fr: `ceci n'est pas du YAML correct (${code})`,
    en: `this is not correct YAML (${code})`,
  };
