import { type Text, Told } from "./text.ts";

/** Something that a person has to put right before the gateway can start. */
export class CannotStart extends Told {
  readonly code = "CANNOT_START";

  constructor(text: Text) {
    super(text);
    this.name = "CannotStart";
  }
}
