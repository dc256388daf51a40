import type { Message } from "../../../gateway/core/alarm.ts";

export const message = (over: Partial<Message> = {}): Message => ({
  id: "m1",
  person: "claire",
  address: "claire@nord.example",
  language: "fr",
  priority: "high",
  title: "[P1] Fraiseuse 3 : T° broche 82 > 75 °C depuis 14:05",
  body: "[P1] Fraiseuse 3 : T° broche 82 > 75 °C depuis 14:05\nÀ faire : Couper l'avance",
  short: "[P1] Fraiseuse 3 : T° broche 82 > 75 °C depuis 14:05 OK=4821",
  code: "4821",
  link: "http://vigie.local:8080/ack/abc.def",
  ...over,
});
