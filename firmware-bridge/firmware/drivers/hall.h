// Shaft speed from a hall or optical switch, one or more pulses a turn: the mean of the turns since the last sample, from the
// times of the edges, so that it is exact at any speed. Raw: hundredths of a turn per minute. No edge for 10 s is standstill.
#pragma once

#include "vigie_node/node.h"
#include "wires.h"

namespace vigie {

class HallSpeed {
 public:
  HallSpeed(uint8_t channel, uint8_t pulses_per_turn) : channel_(channel), per_turn_(pulses_per_turn) {}

  // From the interrupt of the edge.
  void edge(uint32_t micros) {
    if (edges_ != 0 && micros - last_ < kShortest) return;
    last_ = micros;
    if (edges_ == 0) first_ = micros;
    if (edges_ < 0xffff) edges_++;
  }

  void poll(Node& node) {
    if (!node.due(channel_)) return;
    uint32_t first;
    uint32_t last;
    uint16_t edges;
    {
      Quiet quiet;
      first = first_;
      last = last_;
      edges = edges_;
      edges_ = 0;
    }
    // After standstill the first edge begins the first turn; otherwise the last one of the sample before did.
    uint16_t intervals = edges;
    if (!turning_ && edges > 0) {
      before_ = first;
      intervals--;
    }
    if (edges > 0) turning_ = true;
    else if (node.port().micros() - before_ > kStandstill) turning_ = false;
    if (intervals > 0) speed_ = speed(intervals, last - before_, per_turn_);
    if (edges > 0) before_ = last;
    if (!turning_) speed_ = 0;
    node.value(channel_, static_cast<int32_t>(speed_));
  }

  // Hundredths of a turn per minute from `edges` intervals that took `span` µs. 6e9 does not fit into 32 bits.
  static uint32_t speed(uint16_t edges, uint32_t span, uint8_t per_turn) {
    if (span == 0) return 0;
    const uint32_t interval = span / edges;
    if (interval == 0) return 0;
    return static_cast<uint32_t>(4000000000UL / interval / per_turn + 2000000000UL / interval / per_turn);
  }

 private:
  static constexpr uint32_t kShortest = 300;
  static constexpr uint32_t kStandstill = 10000000;

  uint8_t channel_;
  uint8_t per_turn_;
  bool turning_ = false;
  uint16_t edges_ = 0;
  uint32_t first_ = 0;
  uint32_t last_ = 0;
  uint32_t before_ = 0;
  uint32_t speed_ = 0;
};

}  // namespace vigie
