// What a node keeps over a reset: its name, how often it started, and what the gateway set.
#include "bytes.h"
#include "node.h"

namespace vigie {

namespace {

constexpr uint16_t kLayout = 0x5601;

enum Key : uint8_t { kPeriod, kBurstEvery, kBurstAbove, kBurstCount, kBurstRate, kDebounce };
struct Limits {
  uint8_t low;
  uint32_t high;
};

const Limits kLimits[] VIGIE_FLASH = {{10, 86400000}, {0, 86400}, {0, 32767}, {16, 16384}, {1, 65535}, {0, 1000000}};

enum Result : uint8_t { kOk, kUnknownKey, kOutOfRange_, kNotStored };

}  // namespace

void Node::load_settings() {
  port_.load(&stored_, kStored);
  if (stored_.layout != kLayout || stored_.crc != crc_of_settings()) {
    stored_ = {};
    stored_.layout = kLayout;
    char* id = stored_.id;
    for (const char* c = VIGIE_TEXT("node-"); flash_char(c); c++) *id++ = flash_char(c);
    uint16_t serial = port_.serial_number();
    for (uint8_t digits = 4; digits > 0; digits--, serial = static_cast<uint16_t>(serial << 4)) {
      const uint8_t digit = static_cast<uint8_t>(serial >> 12);
      *id++ = static_cast<char>(digit < 10 ? '0' + digit : 'a' - 10 + digit);
    }
    for (uint8_t i = 0; i < count_; i++) stored_.periods[i] = channel(i).period;
    for (uint32_t* burst : stored_.bursts) {
      burst[kCount] = 4096;
      burst[kRate] = 3200;
    }
    stored_.debounce = 2000;
  }
  stored_.boot++;
  if (cause_ == kBrownOut) stored_.brownouts++;
  save_settings();
}

void Node::hear_setting(Reader& reader, bool sets) {
  const uint8_t key = reader.u8();
  const uint8_t channel = reader.u8();
  const uint32_t value = sets ? reader.u32() : 0;
  if (reader.failed()) return;
  uint32_t* const place = setting_at(key, channel);
  uint8_t result = place ? kOk : kUnknownKey;
  if (place && sets) result = set(key, *place, value);
  Message& message = out_.start(0x05);
  message.u8(key);
  message.u8(channel);
  message.u32(place ? *place : 0);
  message.u8(result);
  say();
}

// Where a setting is kept; nullptr when there is no such setting.
uint32_t* Node::setting_at(uint8_t key, uint8_t channel) {
  if (channel >= count_) return nullptr;
  const uint8_t axis = static_cast<uint8_t>(channel - first_axis_);
  if (axis < axes_) return key >= kBurstEvery && key <= kBurstRate ? &stored_.bursts[axis][key - kBurstEvery] : nullptr;
  if (key == kPeriod) return &stored_.periods[channel];
  return key == kDebounce ? &stored_.debounce : nullptr;
}

uint8_t Node::set(uint8_t key, uint32_t& place, uint32_t value) {
  Limits limits;
  flash_copy(&limits, kLimits + key, sizeof(limits));
  if (value < limits.low || value > limits.high) return kOutOfRange_;
  if (place == value) return kOk;
  place = value;
  return save_settings() ? kOk : kNotStored;
}

bool Node::save_settings() {
  stored_.crc = crc_of_settings();
  return port_.store(&stored_, kStored);
}

uint16_t Node::crc_of_settings() const {
  const uint8_t* bytes = reinterpret_cast<const uint8_t*>(&stored_);
  uint16_t crc = 0xffff;
  for (uint8_t i = 0; i < offsetof(Stored, crc); i++) crc = crc16(crc, bytes[i]);
  return crc;
}

}  // namespace vigie
