// Little-endian fields of messages.
#pragma once

#include <stdint.h>

namespace vigie {

// A message that grows in a buffer of its own. Nobody writes more than fits: the longest head is that of hello.
class Message {
 public:
  Message& start(uint8_t type);
  void u8(uint8_t value) { bytes_[length_++] = value; }
  void u16(uint16_t value);
  void u32(uint32_t value);
  // A length and that many letters.
  void text(const char* words);
  uint8_t* bytes() { return bytes_; }
  uint8_t length() const { return length_; }
  static constexpr uint8_t kRoom = 64;

 private:
  uint8_t length_ = 0;
  uint8_t bytes_[kRoom];
};

// Reading past the end gives zeros and is remembered.
class Reader {
 public:
  Reader(const uint8_t* from, uint8_t length) : from_(from), left_(length) {}
  uint8_t u8();
  uint16_t u16();
  uint32_t u32();
  bool failed() const { return failed_; }

 private:
  const uint8_t* from_;
  uint8_t left_;
  bool failed_ = false;
};

}  // namespace vigie
