// INA219 on I²C: voltage of the bus (raw: 4 mV) and voltage over the shunt (raw: 10 µV, which is 0.1 mA on 0.1 Ω).
#pragma once

#include "vigie_node/node.h"
#include "wires.h"

namespace vigie {

class Ina219 {
 public:
  Ina219(I2c& bus, uint8_t address, uint8_t volts, uint8_t current)
      : bus_(bus), address_(address), volts_(volts), current_(current) {}

  void poll(Node& node) {
    if (node.due(volts_)) report(node, volts_, 0x02);
    if (node.due(current_)) report(node, current_, 0x01);
  }

  static bool decode_bus(uint16_t reg, int32_t& raw, Fault& fault) {
    raw = reg >> 3;
    // OVF: the sums inside overflowed; the range ends at 32 V.
    if (reg & 1) fault = kSaturated;
    else if (raw > 8000) fault = kOutOfRange;
    else return true;
    return false;
  }

  static bool decode_shunt(uint16_t reg, int32_t& raw, Fault& fault) {
    raw = static_cast<int16_t>(reg);
    if (raw < 32000 && raw > -32000) return true;
    fault = kSaturated;  // ±320 mV is the end of the range
    return false;
  }

 private:
  void report(Node& node, uint8_t channel, uint8_t reg) {
    uint8_t bytes[2];
    int32_t raw = 0;
    Fault fault = kNoSensor;
    bool good = bus_.read(address_, reg, bytes, 2);
    if (good) {
      const uint16_t word = static_cast<uint16_t>(bytes[0] << 8 | bytes[1]);
      good = reg == 0x02 ? decode_bus(word, raw, fault) : decode_shunt(word, raw, fault);
    }
    if (good) node.value(channel, raw);
    else node.fault(channel, fault);
  }

  I2c& bus_;
  uint8_t address_;
  uint8_t volts_;
  uint8_t current_;
};

}  // namespace vigie
