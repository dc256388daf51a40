// SCT-013 current clamp on an analogue input with a bias of half the supply; true RMS over 200 samples at 1 kHz, which is a
// whole number of periods at 50 and at 60 Hz. Raw: hundredths of an ADC step. A 1 MΩ resistor to ground at the input makes an
// unplugged clamp a reading of zero volts instead of a floating one.
#pragma once

#include "vigie_node/node.h"
#include "wires.h"

namespace vigie {

class Sct013 {
 public:
  static constexpr uint8_t kSamples = 200;

  explicit Sct013(uint8_t channel) : channel_(channel) {}

  // From the interrupt of a converter of 10 bits, a thousand times a second.
  void sample(uint16_t adc) {
    if (count_ == kSamples) return;
    if (adc == 0 || adc >= 1023) ends_++;
    sum_ += adc;
    squares_ += static_cast<uint32_t>(adc) * adc;
    count_++;
  }

  void poll(Node& node) {
    if (count_ != kSamples) {
      // A converter that stands still must not pass for silence.
      if (node.port().millis() - begun_ < kPatience) return;
      begun_ += kPatience;
      return node.fault(channel_, kDevice);
    }
    if (!node.due(channel_)) return;
    begun_ = node.port().millis();
    uint32_t raw;
    Fault fault;
    if (judge(sum_, squares_, ends_, raw, fault)) node.value(channel_, static_cast<int32_t>(raw));
    else node.fault(channel_, fault);
    Quiet quiet;
    sum_ = squares_ = 0;
    ends_ = 0;
    count_ = 0;
  }

  static bool judge(uint32_t sum, uint32_t squares, uint8_t ends, uint32_t& raw, Fault& fault) {
    const uint32_t mean = sum / kSamples;
    if (mean < 100) fault = kSensorOpen;
    else if (mean > 923) fault = kSensorShort;
    else if (ends > 0) fault = kSaturated;
    else {
      // Variance × n, about the rounded mean: Σx² − 2mΣx + n·m², below 2³² for 10 bits.
      const uint32_t spread = squares + mean * mean * kSamples - 2 * mean * sum;
      raw = root(spread * 50);  // √(spread / 200 · 100²)
      return true;
    }
    return false;
  }

 private:
  // Whole root. spread ≤ 200 · 512²: times 50 it stays below 2³².
  static uint32_t root(uint32_t square) {
    uint32_t result = 0;
    for (uint32_t bit = 1UL << 30; bit != 0; bit >>= 2) {
      if (square >= result + bit) {
        square -= result + bit;
        result = (result >> 1) + bit;
      } else {
        result >>= 1;
      }
    }
    return result;
  }

  static constexpr uint16_t kPatience = 5000;

  uint8_t channel_;
  uint32_t begun_ = 0;
  volatile uint8_t count_ = 0;
  uint8_t ends_ = 0;
  uint32_t sum_ = 0;
  uint32_t squares_ = 0;
};

}  // namespace vigie
