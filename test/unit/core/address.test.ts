import { expect, test } from "vitest";
import { shownAddress } from "../../../gateway/core/address.ts";

test.each([
  ["https://hooks.example.com/services/T0/B0/s3cret?key=s3cret#s3cret", "https://hooks.example.com"],
  ["http://user:s3cret@127.0.0.1:8086/write", "http://127.0.0.1:8086"],
  ["mqtt://vigie:s3c@ret@broker:1883", "mqtt://broker:1883"],
  ["mqtts://s3cret@[fe80::1]:8883", "mqtts://[fe80::1]:8883"],
  ["s3cret", "…"],
])("%s is told as %s", (address, shown) => {
  expect(shownAddress(address)).toBe(shown);
});
