// The core with everything it can do in use, and a board that does nothing.
#include "vigie_node/node.h"

extern "C" void __cxa_pure_virtual() {}

namespace {

volatile uint8_t wire;

class Board : public vigie::Port {
 public:
  uint32_t millis() override { return wire; }
  uint32_t micros() override { return wire; }
  void write(uint8_t byte) override { wire = byte; }
  bool read(uint8_t& byte) override { return (byte = wire) != 0; }
  void load(void*, uint8_t) override {}
  bool store(const void*, uint8_t) override { return wire; }
  void restart() override {}
  uint16_t serial_number() override { return wire; }
};

class Source : public vigie::BurstSource {
 public:
  bool begin(uint8_t, uint16_t, int16_t& full) override { return (full = wire) != 0; }
  int8_t take(int16_t* samples, uint8_t) override { return static_cast<int8_t>(*samples = wire); }
  void end() override {}
};

const vigie::Channel channels[1] VIGIE_FLASH = {{"a", "1", vigie::kGauge, 0, 1, 1000}};
const vigie::Firmware firmware = {"weight", "1"};
uint8_t ring[vigie::kSampleBytes];
Board board;
Source source;
vigie::Node node(board, firmware, channels, 1, ring, 1);

}  // namespace

int main() {
  node.bursts_from(source, 0, 1);
  node.begin(vigie::kPowerOn);
  for (;;) {
    node.poll();
    if (node.due(0)) node.value(0, wire);
    else node.fault(0, vigie::kTimeout);
  }
}
