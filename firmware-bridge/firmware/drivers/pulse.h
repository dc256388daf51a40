// A pulse counter: inductive or reed switch, flow meter, energy meter's S0. Counts edges in an interrupt; an edge within the
// node's `debounce` time after the last one is a bounce. Raw: pulses since the node started.
#pragma once

#include "vigie_node/node.h"
#include "wires.h"

namespace vigie {

class PulseCounter {
 public:
  explicit PulseCounter(uint8_t channel) : channel_(channel) {}

  // From the interrupt of the edge.
  void edge(uint32_t micros) {
    if (count_ != 0 && micros - last_ < debounce_) return;
    last_ = micros;
    count_++;
  }

  void poll(Node& node) {
    uint32_t count;
    {
      Quiet quiet;
      debounce_ = node.debounce();
      count = count_;
    }
    if (node.due(channel_)) node.value(channel_, static_cast<int32_t>(count));
  }

 private:
  uint8_t channel_;
  uint32_t debounce_ = 2000;
  uint32_t last_ = 0;
  uint32_t count_ = 0;
};

}  // namespace vigie
