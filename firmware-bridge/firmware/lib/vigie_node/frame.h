// Frames of the node protocol (docs/node-protocol.md): 00 COBS(payload, CRC-16) 00.
#pragma once

#include <stdint.h>

namespace vigie {

constexpr uint8_t kToNodeMax = 64;

uint16_t crc16(uint16_t crc, uint8_t byte);

// Where bytes go to.
class Output {
 public:
  virtual void write(uint8_t byte) = 0;
};

// A payload in two parts: a head in RAM, and a tail that may wrap around the end of a ring.
struct Payload {
  const uint8_t* head;
  uint8_t head_length;
  const uint8_t* tail;
  uint16_t tail_length;
  uint16_t tail_start;
  uint16_t tail_size;
};

// Sends a frame without holding it: each byte is read three times (for the CRC, to find the next zero, to send it).
void send_frame(Output& out, const Payload& payload);

// Takes bytes one by one. Holds one frame of at most kToNodeMax bytes.
class FrameIn {
 public:
  // True when this byte ended a good frame: then `payload` and `length` are its content until the next call.
  bool take(uint8_t byte);
  const uint8_t* payload() const { return bytes_; }
  uint8_t length() const { return payload_length_; }
  uint16_t damaged() const { return damaged_; }

 private:
  enum State : uint8_t { kStart, kInside, kOverlong };
  bool finish();

  uint8_t bytes_[kToNodeMax];
  uint8_t length_ = 0;
  uint8_t payload_length_ = 0;
  uint8_t left_ = 0;       // bytes of this COBS group still to come
  bool zero_due_ = false;  // a zero stands between this group and the next
  State state_ = kStart;
  uint16_t damaged_ = 0;
};

}  // namespace vigie
