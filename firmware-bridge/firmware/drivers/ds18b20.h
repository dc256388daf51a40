// DS18B20 thermometer on 1-Wire, one per pin, powered by three wires. Raw: sixteenths of a degree Celsius.
// 85.0 is what it holds at power-on before it has measured; −127 is what libraries return when it is absent: both are faults.
#pragma once

#include "vigie_node/node.h"
#include "wires.h"

namespace vigie {

class Ds18b20 {
 public:
  Ds18b20(OneWire& wire, uint8_t channel) : wire_(wire), channel_(channel) {}

  void poll(Node& node) {
    const uint32_t now = node.port().millis();
    if (!converting_) {
      if (!node.due(channel_)) return;
      if (!command(kConvert)) return node.fault(channel_, kNoSensor);
      converting_ = true;
      began_ = now;
    } else if (now - began_ >= kConversion) {
      converting_ = false;
      finish(node);
    }
  }

  // The nine bytes of the scratchpad as a value or a fault. `first`: it has never been read since power-on.
  static bool decode(const uint8_t* pad, int16_t& raw, Fault& fault) {
    uint8_t crc = 0;
    uint8_t any = 0;
    for (uint8_t i = 0; i < 9; i++) {
      crc = crc8(crc, pad[i]);
      any |= pad[i];
    }
    raw = static_cast<int16_t>(pad[0] | pad[1] << 8);
    // A data line stuck low reads as zeros, with a correct CRC.
    if (any == 0) fault = kSensorShort;
    else if (crc != 0) fault = kCrc;
    else if (raw == kPowerOnValue || raw == kAbsentValue) fault = kNoSensor;
    else if (raw < -55 * 16 || raw > 125 * 16) fault = kOutOfRange;
    else return true;
    return false;
  }

 private:
  static constexpr uint8_t kSkipRom = 0xcc;
  static constexpr uint8_t kConvert = 0x44;
  static constexpr uint8_t kReadScratchpad = 0xbe;
  static constexpr uint16_t kConversion = 760;  // 12 bits: 750 ms
  static constexpr int16_t kPowerOnValue = 85 * 16;
  static constexpr int16_t kAbsentValue = -127 * 16;

  bool command(uint8_t code) {
    if (!wire_.reset()) return false;
    wire_.write(kSkipRom);
    wire_.write(code);
    return true;
  }

  void finish(Node& node) {
    if (!command(kReadScratchpad)) return node.fault(channel_, kNoSensor);
    uint8_t pad[9];
    for (uint8_t& byte : pad) byte = wire_.read();
    int16_t raw;
    Fault fault;
    if (decode(pad, raw, fault)) node.value(channel_, raw);
    else node.fault(channel_, fault);
  }

  // Dallas CRC-8, polynomial x⁸+x⁵+x⁴+1.
  static uint8_t crc8(uint8_t crc, uint8_t byte) {
    crc ^= byte;
    for (uint8_t i = 0; i < 8; i++) crc = static_cast<uint8_t>(crc & 1 ? crc >> 1 ^ 0x8c : crc >> 1);
    return crc;
  }

  OneWire& wire_;
  uint8_t channel_;
  bool converting_ = false;
  uint32_t began_ = 0;
};

}  // namespace vigie
