import { expect, test } from "vitest";
import { Debts, LATEST } from "../../../../gateway/drivers/modbus/debts.ts";
import type { Question } from "../../../../gateway/drivers/modbus/question.ts";
import { RtuListener } from "../../../../gateway/drivers/modbus/rtu.ts";
import { TcpListener } from "../../../../gateway/drivers/modbus/tcp.ts";
import { rightAnswer, sealed } from "../../../sim/modbus/wire.ts";

const question: Question = { unit: 17, code: 3, at: 0x6b, count: 3 };
const sent = sealed(Buffer.from([17, 3, 0, 0x6b, 0, 3, 0, 0]));
const right = rightAnswer(sent, 1);

function heard(chunks: readonly Buffer[], asked: Question = question, ask: Buffer = sent) {
  const listener = new RtuListener(new Debts());
  listener.ask(asked, ask);
  for (const chunk of chunks) listener.bytes(chunk);
  const end = listener.silence();
  return { answer: typeof end === "object" ? listener.take(end) : undefined, listener };
}

test("an answer cut at every index is heard whole", () => {
  for (let cut = 0; cut <= right.length; cut++)
    expect(heard([right.subarray(0, cut), right.subarray(cut)]).answer).toEqual(right);
});

test("our own question heard back is taken off, wherever the bytes are cut", () => {
  const both = Buffer.concat([sent, right]);
  for (let cut = 0; cut <= both.length; cut++) {
    const { answer, listener } = heard([both.subarray(0, cut), both.subarray(cut)]);
    expect(answer).toEqual(right);
    expect(listener.echoes).toBe(true);
  }
});

test("an answer before which or behind which anything stands is none", () => {
  const extra = Buffer.from([0x55]);
  expect(heard([extra, right]).answer).toBeUndefined();
  expect(heard([right, extra]).answer).toBeUndefined();
  expect(heard([right, right]).answer).toBeUndefined();
});

test("after noise and a silence the answer is still heard", () => {
  const listener = new RtuListener(new Debts());
  listener.ask(question, sent);
  listener.bytes(Buffer.from("garbage"));
  expect(listener.silence()).toBe("more");
  listener.bytes(right);
  expect(listener.silence()).toEqual({ from: 0, to: right.length });
  expect(listener.counts.crc).toBe(1);
});

test.each<[name: string, frame: Buffer]>([
  ["another unit", sealed(Buffer.concat([Buffer.from([18]), right.subarray(1)]))],
  ["another function", sealed(Buffer.concat([Buffer.from([17, 4]), right.subarray(2)]))],
  ["fewer registers", rightAnswer(sealed(Buffer.from([17, 3, 0, 0x6b, 0, 2, 0, 0])), 1)],
  ["a byte count that lies", sealed(Buffer.concat([Buffer.from([17, 3, 4]), right.subarray(3)]))],
  ["another device's refusal", sealed(Buffer.from([18, 0x83, 2, 0, 0]))],
])("a sound frame of %s is foreign, not an answer", (_, frame) => {
  const { answer, listener } = heard([frame]);
  expect(answer).toBeUndefined();
  expect(listener.counts.foreign).toBe(1);
});

test("the device's own refusal is an answer", () => {
  const refusal = sealed(Buffer.from([17, 0x83, 2, 0, 0]));
  expect(heard([refusal]).answer).toEqual(refusal);
});

test("on a line that echoes, the echo of a write is not taken for its confirmation", () => {
  const write: Question = { unit: 17, code: 5, at: 1, count: 0xff00 };
  const frame = sealed(Buffer.from([17, 5, 0, 1, 0xff, 0, 0, 0]));
  const listener = new RtuListener(new Debts());
  listener.echoes = true;
  listener.ask(write, frame);
  listener.bytes(frame);
  expect(listener.silence()).toBe("more");
  listener.bytes(frame);
  expect(listener.silence()).toEqual({ from: 8, to: 16 });
});

test("a question whose answer is still owed is not asked again; a shorter one is, and its answer settles all", () => {
  const debts = new Debts();
  expect(debts.isFree(question)).toBe(true);
  debts.owe(question, 0, false);
  expect(debts.isFree(question)).toBe(false);
  expect(debts.isFree({ ...question, unit: 18 })).toBe(true);
  expect(debts.probe(question)?.question.count).toBe(1);
  debts.owe({ ...question, count: 1 }, 0, false);
  expect(debts.probe(question)?.question.count).toBe(2);
  debts.clear(17);
  expect(debts.isFree(question)).toBe(true);
});

test("a debt is paid by its late answer, or lapses", () => {
  const debts = new Debts();
  debts.owe(question, 0, false);
  expect(debts.pays(right, right.length)).toBe(true);
  expect(debts.isFree(question)).toBe(true);
  debts.owe(question, 0, false);
  expect(debts.owes(17, LATEST - 1)).toBe(true);
  expect(debts.owes(17, LATEST)).toBe(false);
});

test("a single register is probed beyond its end, and nobody trusts a refusal then twice", () => {
  const debts = new Debts();
  const single = { ...question, count: 1 };
  debts.owe(single, 0, false);
  expect(debts.probe(single)).toEqual({ question: { ...single, count: 2 }, wide: true });
  expect(debts.refusalsClear(17)).toBe(true);
  debts.owe({ ...single, count: 2 }, 0, true);
  expect(debts.refusalsClear(17)).toBe(false);
});

test("Modbus TCP answers are put together from any pieces; two in one packet are told apart", () => {
  for (let cut = 0; cut <= 14; cut++) {
    const listener = new TcpListener();
    const asked = listener.ask(question, sent);
    const answer = Buffer.concat([asked.subarray(0, 4), Buffer.from([0, right.length - 2]), right.subarray(0, -2)]);
    const late = Buffer.from(answer);
    late.writeUInt16BE((asked.readUInt16BE(0) + 1) & 0xffff, 0);
    const both = Buffer.concat([late, answer]);
    const found = [listener.bytes(both.subarray(0, cut)), listener.bytes(both.subarray(cut))].filter(Boolean);
    expect(found).toEqual([right.subarray(0, -2)]);
    expect(listener.counts.late).toBe(1);
  }
});
