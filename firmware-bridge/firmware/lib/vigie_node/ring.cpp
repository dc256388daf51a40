#include "ring.h"

#include <string.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "samples are kept in the bytes of the wire, which are little-endian");

namespace vigie {

void SampleRing::put(uint8_t head, uint32_t time, int32_t raw) {
  if (count_ == room_) {
    drop(1);
    lost_++;
  }
  uint16_t place = static_cast<uint16_t>(start_ + count_);
  if (place >= room_) place = static_cast<uint16_t>(place - room_);
  uint8_t* const to = bytes_ + place * kSampleBytes;
  *to = head;
  memcpy(to + 1, &time, 4);
  memcpy(to + 5, &raw, 4);
  count_++;
}

SampleRing::Stretch SampleRing::next(uint8_t most) const {
  const uint16_t left = static_cast<uint16_t>(count_ - sent_);
  uint16_t place = static_cast<uint16_t>(start_ + sent_);
  if (place >= room_) place = static_cast<uint16_t>(place - room_);
  return {oldest_ + sent_, static_cast<uint16_t>(place * kSampleBytes), static_cast<uint8_t>(left < most ? left : most)};
}

bool SampleRing::acknowledged(uint32_t saved, uint32_t received) {
  // What we never sent cannot have arrived: an ack of somebody else.
  const uint32_t end = oldest_ + count_;
  if (saved >= end || received >= end || saved > received) return false;
  if (saved >= oldest_) drop(static_cast<uint16_t>(saved - oldest_ + 1));
  if (received < oldest_) return false;
  const uint16_t arrived = static_cast<uint16_t>(received - oldest_ + 1);
  if (arrived <= received_) return false;
  received_ = arrived;
  if (sent_ < received_) sent_ = received_;
  return true;
}

void SampleRing::drop(uint16_t samples) {
  start_ = static_cast<uint16_t>(start_ + samples);
  if (start_ >= room_) start_ = static_cast<uint16_t>(start_ - room_);
  count_ = static_cast<uint16_t>(count_ - samples);
  oldest_ += samples;
  sent_ = static_cast<uint16_t>(sent_ > samples ? sent_ - samples : 0);
  received_ = static_cast<uint16_t>(received_ > samples ? received_ - samples : 0);
}

}  // namespace vigie
