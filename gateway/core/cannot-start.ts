import type { Text } from "./text.ts";

/** Something that a person has to put right before the gateway can start: told in words, without a stack. */
export class CannotStart extends Error {
  readonly code = "CANNOT_START";
  readonly text: Text;

  constructor(text: Text) {
    super(text.en);
    this.name = "CannotStart";
    this.text = text;
  }
}
