// MPU6050 on I²C, used for slow shaking and tilt: the spread (standard deviation) of the acceleration on its z axis, over the
// samples that fit between two reports, at ±16 g. Raw: a 1/2048 g. For bearings take an ADXL345: the MPU6050 ends at 260 Hz.
#pragma once

#include "vigie_node/node.h"
#include "wires.h"

namespace vigie {

class Mpu6050 {
 public:
  Mpu6050(I2c& bus, uint8_t address, uint8_t channel) : bus_(bus), address_(address), channel_(channel) {}

  void poll(Node& node) {
    const uint32_t now = node.port().millis();
    if (now - sampled_ >= kEvery) {
      sampled_ = now;
      sample();
    }
    if (!node.due(channel_)) return;
    if (absent_ || count_ == 0) node.fault(channel_, kNoSensor);
    else if (saturated_) node.fault(channel_, kSaturated);
    else node.value(channel_, spread(sum_, squares_, count_));
    sum_ = 0;
    squares_ = 0;
    count_ = 0;
    saturated_ = false;
  }

  // √(Σx²/n − (Σx/n)²), x in steps of 1/256 g (raw / 8), the answer in 1/2048 g.
  static int32_t spread(int32_t sum, uint32_t squares, uint8_t count) {
    const int32_t mean = sum / count;
    const uint32_t about = squares / count;
    const uint32_t mean2 = static_cast<uint32_t>(mean * mean);
    uint32_t variance = about > mean2 ? about - mean2 : 0;
    uint32_t root = 0;
    for (uint32_t bit = 1UL << 24; bit != 0; bit >>= 2) {
      if (variance >= root + bit) {
        variance -= root + bit;
        root = (root >> 1) + bit;
      } else {
        root >>= 1;
      }
    }
    return static_cast<int32_t>(root * 8);
  }

 private:
  static constexpr uint8_t kEvery = 10;
  static constexpr uint8_t kMost = 200;

  void sample() {
    if (count_ == kMost) return;
    if (!ready_) ready_ = bus_.set(address_, 0x6b, 0) && bus_.set(address_, 0x1c, 0x18);  // wake up; ±16 g
    uint8_t bytes[2];
    absent_ = !ready_ || !bus_.read(address_, 0x3f, bytes, 2);
    ready_ = !absent_;
    if (absent_) return;
    const int16_t raw = static_cast<int16_t>(bytes[0] << 8 | bytes[1]);
    if (raw > 32700 || raw < -32700) saturated_ = true;
    const int16_t step = static_cast<int16_t>(raw / 8);
    sum_ += step;
    squares_ += static_cast<uint32_t>(static_cast<int32_t>(step) * step);
    count_++;
  }

  I2c& bus_;
  uint8_t address_;
  uint8_t channel_;
  bool ready_ = false;
  bool absent_ = true;
  bool saturated_ = false;
  uint8_t count_ = 0;
  uint32_t sampled_ = 0;
  int32_t sum_ = 0;
  uint32_t squares_ = 0;
};

}  // namespace vigie
