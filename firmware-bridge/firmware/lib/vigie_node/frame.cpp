#include "frame.h"

namespace vigie {

// CRC-16/IBM-3740, a byte at a time without a table (after the usual XMODEM shift trick).
uint16_t crc16(uint16_t crc, uint8_t byte) {
  crc = static_cast<uint16_t>(crc >> 8 | crc << 8);
  crc ^= byte;
  crc ^= static_cast<uint16_t>((crc & 0xff) >> 4);
  crc ^= static_cast<uint16_t>(crc << 12);
  crc ^= static_cast<uint16_t>((crc & 0xff) << 5);
  return crc;
}

namespace {

struct Body {
  const Payload& payload;
  uint16_t crc;

  uint16_t payload_length() const { return static_cast<uint16_t>(payload.head_length + payload.tail_length); }
  uint16_t length() const { return static_cast<uint16_t>(payload_length() + 2); }

  __attribute__((noinline)) uint8_t at(uint16_t i) const {
    if (i < payload.head_length) return payload.head[i];
    i = static_cast<uint16_t>(i - payload.head_length);
    if (i >= payload.tail_length) return static_cast<uint8_t>(i == payload.tail_length ? crc : crc >> 8);
    uint16_t place = static_cast<uint16_t>(payload.tail_start + i);
    if (place >= payload.tail_size) place = static_cast<uint16_t>(place - payload.tail_size);
    return payload.tail[place];
  }
};

}  // namespace

void send_frame(Output& out, const Payload& payload) {
  Body body = {payload, 0xffff};
  uint16_t crc = 0xffff;
  for (uint16_t i = 0; i < body.payload_length(); i++) crc = crc16(crc, body.at(i));
  body.crc = crc;

  const uint16_t length = body.length();
  out.write(0);
  for (uint16_t i = 0; i <= length;) {
    uint8_t run = 0;
    while (i + run < length && run < 254 && body.at(static_cast<uint16_t>(i + run)) != 0) run++;
    out.write(static_cast<uint8_t>(run + 1));
    for (uint8_t k = 0; k < run; k++) out.write(body.at(i++));
    if (run == 254 && i == length) break;
    if (run < 254) i++;
  }
  out.write(0);
}

bool FrameIn::take(uint8_t byte) {
  if (byte == 0) {
    const bool good = state_ == kInside && finish();
    if (state_ != kStart && !good) damaged_++;
    state_ = kStart;
    return good;
  }
  if (state_ == kStart) {
    state_ = kInside;
    length_ = 0;
    left_ = 0;
    zero_due_ = false;
  }
  if (state_ == kOverlong) return false;
  if (left_ == 0) {
    if (zero_due_) {
      if (length_ == kToNodeMax) {
        state_ = kOverlong;
        return false;
      }
      bytes_[length_++] = 0;
    }
    left_ = static_cast<uint8_t>(byte - 1);
    zero_due_ = byte != 0xff;
    return false;
  }
  if (length_ == kToNodeMax) {
    state_ = kOverlong;
    return false;
  }
  bytes_[length_++] = byte;
  left_--;
  return false;
}

bool FrameIn::finish() {
  if (left_ != 0 || length_ < 3) return false;
  uint16_t crc = 0xffff;
  payload_length_ = static_cast<uint8_t>(length_ - 2);
  for (uint8_t i = 0; i < payload_length_; i++) crc = crc16(crc, bytes_[i]);
  return bytes_[payload_length_] == (crc & 0xff) && bytes_[payload_length_ + 1] == crc >> 8;
}

}  // namespace vigie
