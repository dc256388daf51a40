// Out of line on purpose: inlined, these few lines would take a quarter of the flash.
#include "bytes.h"

namespace vigie {

Message& Message::start(uint8_t type) {
  length_ = 0;
  u8(type);
  return *this;
}

void Message::u16(uint16_t value) {
  u8(static_cast<uint8_t>(value));
  u8(static_cast<uint8_t>(value >> 8));
}

void Message::u32(uint32_t value) {
  u16(static_cast<uint16_t>(value));
  u16(static_cast<uint16_t>(value >> 16));
}

void Message::text(const char* words) {
  uint8_t* const length = bytes_ + length_++;
  const uint8_t from = length_;
  while (*words) u8(static_cast<uint8_t>(*words++));
  *length = static_cast<uint8_t>(length_ - from);
}

uint8_t Reader::u8() {
  if (left_ == 0) {
    failed_ = true;
    return 0;
  }
  left_--;
  return *from_++;
}

uint16_t Reader::u16() {
  const uint8_t low = u8();
  return static_cast<uint16_t>(low | u8() << 8);
}

uint32_t Reader::u32() {
  const uint16_t low = u16();
  return low | static_cast<uint32_t>(u16()) << 16;
}

}  // namespace vigie
