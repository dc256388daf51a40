import { computed, signal } from "@preact/signals";
import type { Language, Text } from "../../../gateway/core/text.ts";
import { kept } from "../kept.ts";
import { site } from "../live.ts";
import { en } from "./en.ts";
import { fr, type Words } from "./fr.ts";

/** One more language is one more file here. French is the measure: the others must have its shape, which the compiler checks. */
export const dictionaries: Readonly<Record<Language, Words>> = { fr, en };

export const languageNames: Readonly<Record<Language, string>> = { fr: "Français", en: "English" };

/** What this person chose on this device; the site's own language until then. */
export const chosenLanguage = kept<Language | null>("language", null, (value) =>
  value === "fr" || value === "en" ? value : null,
);

export const language = computed<Language>(() => chosenLanguage.value ?? site.value?.language ?? browserLanguage.value);

const browserLanguage = signal<Language>(navigator.language.startsWith("en") ? "en" : "fr");

/** The words of the page. Read `words.value` while rendering, so that a change of language renders anew. */
export const words = computed<Words>(() => dictionaries[language.value]);

/** `text` in the page's language. The gateway writes plain spaces before French marks; no line may begin with one of those. */
export const say = (text: Text): string =>
  language.value === "fr" ? text.fr.replace(/ (?=[:%»])/g, "\u00a0").replace(/ (?=[;!?])/g, "\u202f") : text.en;
