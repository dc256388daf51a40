// The samples that the gateway has not saved yet, in the very bytes that go over the wire.
#pragma once

#include <stdint.h>

namespace vigie {

constexpr uint8_t kSampleBytes = 9;

class SampleRing {
 public:
  SampleRing(uint8_t* bytes, uint16_t samples) : bytes_(bytes), room_(samples) {}

  // When it is full the oldest sample goes and is counted.
  void put(uint8_t head, uint32_t time, int32_t raw);

  // The samples from behind what was sent last, at most `most`; none when all has been sent.
  struct Stretch {
    uint32_t first;
    uint16_t start;  // in bytes
    uint8_t samples;
  };
  Stretch next(uint8_t most) const;
  void sent(uint8_t samples) { sent_ = static_cast<uint16_t>(sent_ + samples); }

  // Up to these sequence numbers the gateway has saved, and received. True when it got further than before.
  bool acknowledged(uint32_t saved, uint32_t received);
  // Goes back behind what was received, or behind what was saved.
  void back_to_received() { sent_ = received_; }
  void back_to_saved() { sent_ = received_ = 0; }

  bool unanswered() const { return sent_ > received_; }
  uint32_t oldest() const { return oldest_; }
  uint32_t lost() const { return lost_; }
  uint16_t waiting() const { return count_; }
  uint16_t room() const { return static_cast<uint16_t>(room_ - count_); }
  const uint8_t* bytes() const { return bytes_; }
  uint16_t size() const { return static_cast<uint16_t>(room_ * kSampleBytes); }

 private:
  void drop(uint16_t samples);

  uint8_t* bytes_;
  uint16_t room_;
  uint16_t start_ = 0;  // of the oldest sample, in samples
  uint16_t count_ = 0;
  uint16_t sent_ = 0;      // how many from the oldest on have been sent,
  uint16_t received_ = 0;  // and how many of those have arrived
  uint32_t oldest_ = 1;
  uint32_t lost_ = 0;
};

}  // namespace vigie
