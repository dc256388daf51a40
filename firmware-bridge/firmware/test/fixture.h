// A node on the host: three channels, an accelerometer that always has a sample, and its answers taken apart.
#pragma once

#include "bench.h"

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
inline std::vector<Bytes> payloads(const Bytes& stream) {
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

inline Bytes framed(const Bytes& payload) {
  HostPort port;
  vigie::send_frame(port, {payload.data(), static_cast<uint8_t>(payload.size()), nullptr, 0, 0, 1});
  return port.sent();
}

inline Bytes ack(uint16_t boot, uint32_t saved, uint32_t received, uint8_t flags) {
  Bytes bytes = {0x83, static_cast<uint8_t>(boot), static_cast<uint8_t>(boot >> 8)};
  for (uint32_t number : {saved, received})
    for (int i = 0; i < 4; i++) bytes.push_back(static_cast<uint8_t>(number >> (8 * i)));
  bytes.push_back(flags);
  return framed(bytes);
}
