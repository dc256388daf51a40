import type { Forecast } from "../../core/detector.ts";
import { moment } from "../../core/moment.ts";
import type { Point } from "../../core/point.ts";
import type { Language } from "../../core/text.ts";
import type { EpochMs } from "../../core/time.ts";
import { amount, nameOfPoint, number, text } from "./wording.ts";

/** What a trend has to say, as numbers in the unit of the point. */
export interface TrendNews {
  active: boolean;
  point: Point;
  timezone: string;
  now: EpochMs;
  value: number;
  usual: number;
  onset: EpochMs;
  limit: number | undefined;
  /** `undefined`: the limit is reached already, or there is none. */
  forecast: Forecast | null | undefined;
  falling: boolean;
}

const colon = (l: Language): string => (l === "fr" ? " :" : ":");

const words = {
  settled: { fr: "revenu à la normale", en: "back to usual" },
  rising: { fr: "monte depuis", en: "rising since" },
  falling: { fr: "baisse depuis", en: "falling since" },
  against: { fr: "contre", en: "against" },
  usual: { fr: "d'habitude", en: "usually" },
  times: { fr: "fois la valeur habituelle", en: "times the usual" },
  limit: { fr: "Limite", en: "Limit" },
  reached: { fr: "atteinte", en: "reached" },
  expected: { fr: "atteinte vers", en: "reached about" },
  between: { fr: "entre", en: "between" },
  and: { fr: "et", en: "and" },
  cannot: { fr: "date encore impossible à dire", en: "date cannot be told yet" },
} as const;

/** "Spindle vibration: 3.2 mm/s, 2.1 times the usual 1.5 mm/s, rising since Tue 14:10. Limit 7.1 mm/s reached about …". */
export const trendText = (news: TrendNews) =>
  text((l) => (news.active ? `${course(news, l)}.${outlook(news, l)}` : `${settled(news, l)}.`));

const settled = ({ point, value, usual }: TrendNews, l: Language): string => {
  const { unit } = point.signal;
  return `${nameOfPoint(point)[l]}${colon(l)} ${words.settled[l]}, ${amount(value, unit, l)} (${amount(usual, unit, l)} ${words.usual[l]})`;
};

function course({ point, timezone, now, value, usual, onset, falling }: TrendNews, l: Language): string {
  const { unit } = point.signal;
  const ratio = usual > 0 && value > 0 && !falling ? value / usual : 0;
  const compared =
    ratio >= 1.05 && ratio < 100
      ? `${number(Math.round(ratio * 10) / 10, l)} ${words.times[l]} (${amount(usual, unit, l)})`
      : `${words.against[l]} ${amount(usual, unit, l)} ${words.usual[l]}`;
  const way = words[falling ? "falling" : "rising"][l];
  return `${nameOfPoint(point)[l]}${colon(l)} ${amount(value, unit, l)}, ${compared}, ${way} ${moment(onset, now, timezone, l)}`;
}

function outlook({ point, timezone, now, limit, forecast }: TrendNews, l: Language): string {
  if (limit === undefined) return "";
  const name = `${words.limit[l]} ${amount(limit, point.signal.unit, l)}`;
  if (forecast === undefined) return ` ${name} ${words.reached[l]}.`;
  if (forecast === null) return ` ${name}${colon(l)} ${words.cannot[l]}.`;
  const [at, low, high] = [forecast.at, forecast.low, forecast.high].map((t) => moment(t, now, timezone, l));
  return ` ${name} ${words.expected[l]} ${at} (${words.between[l]} ${low} ${words.and[l]} ${high}).`;
}
