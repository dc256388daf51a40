// Unit tests of the core and the drivers, on the host. `golden.h` is made from firmware-bridge/vectors.json.
#include "../drivers/adxl345.h"
#include "../drivers/ds18b20.h"
#include "../drivers/hall.h"
#include "../drivers/ina219.h"
#include "../drivers/mpu6050.h"
#include "../drivers/pulse.h"
#include "../drivers/sct013.h"
#include "bench.h"
#include "golden.h"

namespace {

const vigie::Channel channels[] = {
    {"temp", "Cel", vigie::kGauge, -4, 625, 1000},
    {"pulses", "1", vigie::kCounter, 0, 1, 2000},
    {"z", "[g]", vigie::kBurst, -8, 390625, 0},
};
const vigie::Firmware firmware = {"vigie-test", "1.0"};

// An accelerometer that has a sample ready at each call, a step of 1 apart.
class Ramp : public vigie::BurstSource {
 public:
  int16_t next = 0;
  int16_t step = 1;
  bool lost = false;
  bool begin(uint8_t, uint16_t rate, int16_t& full) override {
    full = 4095;
    return rate == 3200;
  }
  int8_t take(int16_t* samples, uint8_t most) override {
    if (lost) return -1;
    const uint8_t count = most < 10 ? most : 10;
    for (uint8_t i = 0; i < count; i++, next = static_cast<int16_t>(next + step)) samples[i] = next;
    return static_cast<int8_t>(count);
  }
  void end() override {}
};

struct Fixture {
  HostPort port;
  std::vector<uint8_t> ring = std::vector<uint8_t>(8 * vigie::kSampleBytes);
  Ramp ramp;
  vigie::Node node{port, firmware, channels, 3, ring.data(), 8, 3};

  explicit Fixture(vigie::ResetCause cause = vigie::kPowerOn) {
    node.bursts_from(ramp, 2, 1);
    node.begin(cause);
  }
  Bytes answer(const Bytes& frame) {
    port.sent();
    port.give(frame);
    node.poll();
    return port.sent();
  }
};

// The payloads in a stream, by a decoder of its own.
std::vector<Bytes> payloads(const Bytes& stream) {
  std::vector<Bytes> found;
  Bytes held;
  for (uint8_t byte : stream) {
    if (byte != 0) {
      held.push_back(byte);
      continue;
    }
    Bytes body;
    for (size_t at = 0; at < held.size();) {
      const size_t end = at + held[at];
      for (size_t i = at + 1; i < end && i < held.size(); i++) body.push_back(held[i]);
      if (held[at] != 255 && end < held.size()) body.push_back(0);
      at = end;
    }
    if (body.size() > 2) found.push_back(Bytes(body.begin(), body.end() - 2));
    held.clear();
  }
  return found;
}

Bytes framed(const Bytes& payload) {
  HostPort port;
  vigie::send_frame(port, {payload.data(), static_cast<uint8_t>(payload.size()), nullptr, 0, 0, 1});
  return port.sent();
}

Bytes ack(uint16_t boot, uint32_t saved, uint32_t received, uint8_t flags) {
  Bytes bytes = {0x83, static_cast<uint8_t>(boot), static_cast<uint8_t>(boot >> 8)};
  for (uint32_t number : {saved, received})
    for (int i = 0; i < 4; i++) bytes.push_back(static_cast<uint8_t>(number >> (8 * i)));
  bytes.push_back(flags);
  return framed(bytes);
}

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

void fault_values_of_sensors_are_faults() {
  int16_t raw;
  int32_t wide;
  uint32_t rms;
  vigie::Fault fault;
  uint8_t pad[9] = {0x50, 0x05, 0x4b, 0x46, 0x7f, 0xff, 0x0c, 0x10, 0x1c};  // 85.0, straight from the data sheet
  EXPECT(!vigie::Ds18b20::decode(pad, raw, fault) && fault == vigie::kNoSensor);
  pad[0] = 0x51;
  EXPECT(!vigie::Ds18b20::decode(pad, raw, fault) && fault == vigie::kCrc);
  const uint8_t low[9] = {};
  EXPECT(!vigie::Ds18b20::decode(low, raw, fault) && fault == vigie::kSensorShort);
  const uint8_t high[9] = {255, 255, 255, 255, 255, 255, 255, 255, 255};
  EXPECT(!vigie::Ds18b20::decode(high, raw, fault) && fault == vigie::kCrc);

  vigie::Sct013 clamp(0);
  EXPECT(!vigie::Sct013::judge(0, 0, 200, rms, fault) && fault == vigie::kSensorOpen);
  EXPECT(!vigie::Sct013::judge(200 * 1023, 200U * 1023 * 1023, 200, rms, fault) && fault == vigie::kSensorShort);
  EXPECT(vigie::Sct013::judge(200 * 512, 200U * 512 * 512, 0, rms, fault) && rms == 0);
  // 100 samples at 412 and 100 at 612: 100 steps of RMS.
  EXPECT(vigie::Sct013::judge(200 * 512, 100U * (412 * 412 + 612 * 612), 0, rms, fault) && rms == 10000);
  EXPECT(!vigie::Sct013::judge(200 * 512, 100U * (1 + 1023 * 1023), 100, rms, fault) && fault == vigie::kSaturated);

  EXPECT(vigie::Ina219::decode_bus(3000 << 3 | 2, wide, fault) && wide == 3000);
  EXPECT(!vigie::Ina219::decode_bus(3000 << 3 | 1, wide, fault) && fault == vigie::kSaturated);
  EXPECT(vigie::Ina219::decode_shunt(static_cast<uint16_t>(-2500), wide, fault) && wide == -2500);
  EXPECT(!vigie::Ina219::decode_shunt(32000, wide, fault) && fault == vigie::kSaturated);

  EXPECT(vigie::HallSpeed::speed(25, 1000000, 1) == 150000);
  EXPECT(vigie::HallSpeed::speed(1, 300, 1) == 4000000000U / 300 + 2000000000U / 300);
  EXPECT(vigie::HallSpeed::speed(3, 2, 1) == 0);
  EXPECT(vigie::Mpu6050::spread(0, 100 * 256 * 256, 100) == 2048);
}

void bounces_are_not_pulses() {
  Fixture f;
  vigie::PulseCounter counter(1);
  f.node.due(1);
  counter.poll(f.node);
  for (uint32_t us : {1000U, 1150U, 1300U, 9000U, 9100U, 4294967295U}) counter.edge(us);
  f.port.time = 2000;
  counter.poll(f.node);
  f.port.sent();
  f.node.poll();
  EXPECT(payloads(f.port.sent()).at(0).at(11 + 5) == 3);
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
  fault_values_of_sensors_are_faults();
  bounces_are_not_pulses();
  puts("ok");
}
