// Unit tests of the core, on the host. `golden.h` is made from firmware-bridge/vectors.json.
#include "fixture.h"
#include "golden.h"

namespace {

void golden_frames_are_made_and_understood() {
  for (const Golden& golden : kGolden) {
    HostPort port;
    // Half in the head and half in a tail that wraps around, as samples are.
    const size_t half = golden.payload.size() / 2 < 60 ? golden.payload.size() / 2 : 60;
    const Bytes tail(golden.payload.begin() + static_cast<long>(half), golden.payload.end());
    Bytes wrapped(tail.size() + 5);
    for (size_t i = 0; i < tail.size(); i++) wrapped[(i + wrapped.size() - 2) % wrapped.size()] = tail[i];
    vigie::send_frame(port, {golden.payload.data(), static_cast<uint8_t>(half), wrapped.data(), static_cast<uint16_t>(tail.size()),
                             static_cast<uint16_t>(wrapped.size() - 2), static_cast<uint16_t>(wrapped.size())});
    EXPECT(port.sent() == golden.frame);
    if (golden.payload.size() + 2 > vigie::kToNodeMax) continue;
    vigie::FrameIn in;
    int good = 0;
    for (uint8_t byte : golden.frame) good += in.take(byte);
    EXPECT(good == 1);
    EXPECT(Bytes(in.payload(), in.payload() + in.length()) == golden.payload);
  }
}

void damaged_frames_are_dropped_and_the_next_is_found() {
  for (const Bytes& damaged : kDamaged) {
    vigie::FrameIn in;
    for (uint8_t byte : damaged) EXPECT(!in.take(byte));
    int good = 0;
    for (uint8_t byte : golden("a ping").frame) good += in.take(byte);
    EXPECT(good == 1);
  }
}

void the_node_says_what_the_golden_frames_say() {
  Fixture f;
  EXPECT(payloads(f.port.sent()).at(0).at(0) == 0x01);
  EXPECT(f.answer(golden("the gateway asks for a description").frame) == golden("an axis of raw vibration").frame);
  EXPECT(f.answer(framed({0x82, 0})) == golden("a temperature in sixteenths of a degree").frame);
  EXPECT(f.answer(framed({0x82, 1})) == golden("a pulse counter").frame);
  EXPECT(f.answer(framed({0x82, 3})).empty());
  EXPECT(f.answer(golden("a new period").frame) == golden("a setting read back").frame);
  EXPECT(f.answer(golden("an impossible period").frame) == golden("a setting refused").frame);
}

void a_setting_survives_a_reset_and_the_boot_counts() {
  Fixture f;
  f.answer(golden("a new period").frame);
  HostPort port;
  port.memory = f.port.memory;
  vigie::Node again(port, firmware, channels, 3, f.ring.data(), 8);
  again.begin(vigie::kBrownOut);
  const Bytes hello = payloads(port.sent()).at(0);
  EXPECT(hello[2] == 2 && hello[4] == vigie::kBrownOut && hello[5] == 1);
  port.give(framed({0x86, 0, 0}));
  again.poll();
  EXPECT(port.sent() == golden("a setting read back").frame);
}

void memory_that_cannot_be_written_is_told() {
  Fixture f;
  f.port.broken_memory = true;
  const Bytes answer = payloads(f.answer(golden("a new period").frame)).at(0);
  EXPECT(answer.back() == 3);
}

void samples_wait_until_they_are_saved() {
  Fixture f;
  f.port.sent();
  for (int i = 0; i < 5; i++) f.node.value(0, i);
  f.node.poll();
  f.node.poll();
  std::vector<Bytes> frames = payloads(f.port.sent());
  EXPECT(frames.size() == 2);  // three to a frame
  EXPECT(frames[0].size() == 11 + 27 && frames[1].size() == 11 + 18 && frames[1][7] == 4);
  // Received, not saved: not sent again. A hole: from there.
  EXPECT(f.answer(ack(1, 0, 5, 0)).empty());
  f.port.time += 1000;
  f.node.poll();
  EXPECT(f.port.sent().empty());
  // Another gateway: all that is not saved.
  EXPECT(payloads(f.answer(framed({0x81, 1}))).size() == 2);
  EXPECT(f.answer(ack(1, 2, 2, 1)).size() > 0);
  // No word for half a second: again, in shorter frames.
  f.port.time += 501;
  f.node.poll();
  frames = payloads(f.port.sent());
  EXPECT(frames.size() == 1 && frames[0][7] == 3 && frames[0][3] == 3 && frames[0].size() == 11 + 9);
  // An ack of another boot, or of what never was, is nothing.
  f.answer(ack(9, 5, 5, 0));
  f.answer(ack(1, 77, 77, 0));
  f.answer(ack(1, 5, 5, 0));
  f.port.time += 2000;
  f.node.poll();
  EXPECT(f.port.sent().empty());
}

void a_full_ring_drops_the_oldest_and_says_so() {
  Fixture f;
  for (int i = 0; i < 20; i++) f.node.value(0, i);
  f.port.sent();
  f.node.poll();
  const Bytes frame = payloads(f.port.sent()).at(0);
  EXPECT(frame[3] == 13 && frame[7] == 13);  // 12 are gone
  EXPECT(frame[11 + 5] == 12);               // the value of the 13th
  f.answer(ack(1, 20, 20, 0));
  f.port.time = 5000;
  f.node.poll();
  const Bytes status = payloads(f.port.sent()).at(0);
  EXPECT(status[0] == 0x06 && status[7] == 12 && status[15 - 2] == 0);
}

void a_burst_is_sent_in_order_and_a_broken_one_says_so() {
  Fixture f;
  f.port.sent();
  f.port.give(golden("a burst is asked for").frame);
  for (int i = 0; i < 20; i++) f.node.poll();
  const std::vector<Bytes> frames = payloads(f.port.sent());
  EXPECT(frames.size() == 5 && frames[0][0] == 0x07 && frames[1][0] == 0x08 && frames[4][0] == 0x09);
  int next = 0;
  for (size_t i = 1; i < 4; i++) {
    EXPECT(frames[i][2] == next);
    for (size_t at = 4; at < frames[i].size(); at += 2) EXPECT(frames[i][at] == next++);
  }
  EXPECT(next == 64 && frames[4][8] == 0);
  f.ramp.next = 4080;
  f.port.give(golden("a burst is asked for").frame);
  for (int i = 0; i < 20; i++) f.node.poll();
  EXPECT(payloads(f.port.sent()).back()[8] == 1);
  f.ramp.lost = true;
  f.port.give(golden("a burst is asked for").frame);
  f.node.poll();
  EXPECT(payloads(f.port.sent()).back()[8] == 2);
  EXPECT(f.answer(framed({0x87, 2, 64, 0, 100, 0})).empty());  // no such rate
}

void a_look_takes_a_burst_when_the_vibration_is_strong() {
  Fixture f;
  f.answer(framed({0x85, 2, 2, 70, 0, 0, 0}));
  f.answer(framed({0x85, 3, 2, 64, 0, 0, 0}));
  for (const bool strong : {false, true}) {  // a ramp of 256 has a standard deviation of 73.9
    f.ramp.step = strong ? 1 : 0;
    f.ramp.next = 0;
    f.port.time += 10001;
    f.port.sent();
    for (int i = 0; i < 60; i++) f.node.poll();
    bool taken = false;
    for (const Bytes& payload : payloads(f.port.sent())) taken |= payload[0] == 0x07 && payload.back() == 2;
    EXPECT(taken == strong);
  }
}

void a_person_gets_a_console() {
  Fixture f;
  f.port.sent();
  f.port.type("\r\r\r");
  f.node.poll();
  f.port.type("id tour-2_nord\rset temp 2500\rset temp 1\rshow\r");
  f.node.poll();
  const Bytes sent = f.port.sent();
  const std::string text(sent.begin(), sent.end());
  EXPECT(text.find("tour-2_nord boot 1") != std::string::npos);
  EXPECT(text.find("temp [Cel] every 2500 ms") != std::string::npos);
  EXPECT(text.find("show | id NAME") != std::string::npos);  // 1 ms is refused
  f.node.value(0, 1);
  f.node.poll();
  EXPECT(f.port.sent().empty());
  // A gateway takes over: hello and the sample that waited, behind the echo of what it said.
  const std::vector<Bytes> frames = payloads(f.answer(framed({0x81, 1})));
  EXPECT(frames.size() >= 2 && frames[frames.size() - 2][0] == 0x01 && frames.back()[0] == 0x03);
}

}  // namespace

int main() {
  golden_frames_are_made_and_understood();
  damaged_frames_are_dropped_and_the_next_is_found();
  the_node_says_what_the_golden_frames_say();
  a_setting_survives_a_reset_and_the_boot_counts();
  memory_that_cannot_be_written_is_told();
  samples_wait_until_they_are_saved();
  a_full_ring_drops_the_oldest_and_says_so();
  a_burst_is_sent_in_order_and_a_broken_one_says_so();
  a_look_takes_a_burst_when_the_vibration_is_strong();
  a_person_gets_a_console();
  puts("ok");
}
