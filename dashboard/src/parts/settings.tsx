import type { Language } from "../../../gateway/core/text.ts";
import { link, site } from "../live.ts";
import { session } from "../session.ts";
import { chosenTheme, type Theme } from "../theme.ts";
import { chosenLanguage, dictionaries, language, languageNames, words } from "../words/index.ts";
import { Icon } from "./icon.tsx";

/** Language and day or night, one touch away on every page. */
export function Settings() {
  const w = words.value.app;
  const themes: readonly [Theme, string][] = [
    ["auto", w.themeAuto],
    ["day", w.themeDay],
    ["night", w.themeNight],
  ];
  return (
    <div class="settings">
      <span class={`link link-${link.value}`} role="status">
        <Icon name={link.value === "live" ? "live" : "lost"} size={20} />
        <span>
          {link.value === "live"
            ? words.value.link.live
            : link.value === "lost"
              ? words.value.link.lost
              : words.value.link.connecting}
        </span>
      </span>
      <details class="menu">
        <summary aria-label={w.settings} title={w.settings}>
          <Icon name="gear" />
        </summary>
        <div class="menu-body">
          <Choice
            name="language"
            label={w.language}
            options={languages}
            chosen={language.value}
            choose={(value) => {
              chosenLanguage.value = value;
            }}
          />
          <Choice
            name="theme"
            label={w.theme}
            options={themes}
            chosen={chosenTheme.value}
            choose={(value) => {
              chosenTheme.value = value;
            }}
          />
          {session.value && !session.value.open && session.value.user && (
            <a href="/account">
              <Icon name="person" size={20} />
              {session.value.user}
            </a>
          )}
          <a href="/labels">{words.value.labels.menu}</a>
          {site.value && <p class="note">{w.version(site.value.version)}</p>}
        </div>
      </details>
    </div>
  );
}

const languages = (Object.keys(dictionaries) as Language[]).map((code) => [code, languageNames[code]] as const);

interface Choosing<T extends string> {
  name: string;
  label: string;
  options: readonly (readonly [T, string])[];
  chosen: T;
  choose: (value: T) => void;
}

export function Choice<T extends string>({ name, label, options, chosen, choose }: Choosing<T>) {
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      {options.map(([value, word]) => (
        <label key={value}>
          <input type="radio" name={name} value={value} checked={value === chosen} onChange={() => choose(value)} />
          <span>{word}</span>
        </label>
      ))}
    </fieldset>
  );
}
