// ADXL345 accelerometer on SPI (mode 3): bursts of one axis at up to 3200 Hz through its FIFO of 32 samples, ±16 g in full
// resolution. Raw: 1/256 g. Above 800 Hz it needs SPI: I²C at 400 kHz cannot empty the FIFO in time.
#pragma once

#include "vigie_node/node.h"
#include "wires.h"

namespace vigie {

class Adxl345 : public BurstSource {
 public:
  explicit Adxl345(Spi& spi) : spi_(spi) {}

  bool begin(uint8_t axis, uint16_t rate, int16_t& full) override {
    if (read(kDevId) != 0xe5 || axis > 2) return false;
    // 0x0f is 3200 Hz, each step down half of it.
    uint8_t code = 0x0f;
    uint16_t have = 3200;
    while (have > rate && code > 6) {
      have /= 2;
      code--;
    }
    if (have != rate) return false;
    axis_ = axis;
    full = 4095;
    write(kPower, 0);
    write(kFormat, 0x0b);  // full resolution, ±16 g
    write(kRate, code);
    write(kFifo, 0x00);  // bypass empties it
    write(kFifo, 0x80);  // stream
    write(kPower, 0x08);
    return true;
  }

  int8_t take(int16_t* samples, uint8_t most) override {
    uint8_t ready = read(kFifoStatus) & 0x3f;
    // A full FIFO has thrown samples away, or is about to.
    if (ready >= 32) return -1;
    if (ready > most) ready = most;
    for (uint8_t i = 0; i < ready; i++) samples[i] = sample();
    return static_cast<int8_t>(ready);
  }

  void end() override { write(kPower, 0); }

 private:
  static constexpr uint8_t kDevId = 0x00;
  static constexpr uint8_t kRate = 0x2c;
  static constexpr uint8_t kPower = 0x2d;
  static constexpr uint8_t kFormat = 0x31;
  static constexpr uint8_t kData = 0x32;
  static constexpr uint8_t kFifo = 0x38;
  static constexpr uint8_t kFifoStatus = 0x39;
  static constexpr uint8_t kRead = 0x80;
  static constexpr uint8_t kMany = 0x40;

  uint8_t read(uint8_t reg) {
    spi_.select(true);
    spi_.exchange(reg | kRead);
    const uint8_t value = spi_.exchange(0);
    spi_.select(false);
    return value;
  }

  void write(uint8_t reg, uint8_t value) {
    spi_.select(true);
    spi_.exchange(reg);
    spi_.exchange(value);
    spi_.select(false);
  }

  // All three axes in one go, as the FIFO wants it: that is what takes the sample out.
  int16_t sample() {
    uint8_t bytes[6];
    spi_.select(true);
    spi_.exchange(kData | kRead | kMany);
    for (uint8_t& byte : bytes) byte = spi_.exchange(0);
    spi_.select(false);
    return static_cast<int16_t>(bytes[2 * axis_] | bytes[2 * axis_ + 1] << 8);
  }

  Spi& spi_;
  uint8_t axis_ = 0;
};

}  // namespace vigie
