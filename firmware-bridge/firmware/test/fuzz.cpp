// Random and mutated streams into a node, time running: it must neither crash nor stop answering. fuzz [STREAMS] [SEED]
#include "bench.h"
#include "golden.h"

namespace {

uint64_t state;

uint32_t random_below(size_t end) {
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return static_cast<uint32_t>((state >> 33) % end);
}

Bytes stream() {
  Bytes bytes;
  for (uint32_t pieces = random_below(6); pieces > 0; pieces--) {
    if (random_below(4) == 0) {
      for (uint32_t i = random_below(100); i > 0; i--) bytes.push_back(static_cast<uint8_t>(random_below(256)));
      continue;
    }
    Bytes payload = kGolden[random_below(kGolden.size())].payload;
    while (random_below(3) == 0) payload[random_below(payload.size())] = static_cast<uint8_t>(random_below(256));
    if (payload.size() > 60) payload.resize(60);
    HostPort port;
    vigie::send_frame(port, {payload.data(), static_cast<uint8_t>(payload.size()), nullptr, 0, 0, 1});
    Bytes frame = port.sent();
    if (random_below(3) == 0) frame[random_below(frame.size())] = static_cast<uint8_t>(random_below(256));
    bytes.insert(bytes.end(), frame.begin(), frame.end());
  }
  return bytes;
}

class Noise : public vigie::BurstSource {
 public:
  bool begin(uint8_t, uint16_t rate, int16_t& full) override {
    full = static_cast<int16_t>(random_below(32767) + 1);
    return rate % 2 == 0;
  }
  int8_t take(int16_t* samples, uint8_t most) override {
    if (random_below(50) == 0) return -1;
    const uint8_t count = static_cast<uint8_t>(random_below(most + 1U));
    for (uint8_t i = 0; i < count; i++) samples[i] = static_cast<int16_t>(random_below(65536));
    return static_cast<int8_t>(count);
  }
  void end() override {}
};

}  // namespace

int main(int argc, char** argv) {
  const unsigned long streams = argc > 1 ? strtoul(argv[1], nullptr, 10) : 20000;
  state = argc > 2 ? strtoul(argv[2], nullptr, 10) : 1;
  const vigie::Channel channels[] = {{"a", "1", vigie::kGauge, 0, 1, 100},
                                     {"b", "1", vigie::kGauge, 0, 1, 100},
                                     {"x", "[g]", vigie::kBurst, -3, 1, 0},
                                     {"y", "[g]", vigie::kBurst, -3, 1, 0}};
  const vigie::Firmware firmware = {"vigie-fuzz", "1"};
  HostPort port;
  Noise noise;
  Bytes ring(20 * vigie::kSampleBytes);
  vigie::Node node(port, firmware, channels, 4, ring.data(), 20, 6);
  node.bursts_from(noise, 2, 2);
  node.begin(vigie::kPowerOn);
  for (unsigned long i = 0; i < streams; i++) {
    port.give(stream());
    port.time += random_below(700);
    if (node.due(random_below(2) ? 1 : 0)) node.value(0, static_cast<int32_t>(random_below(1000)));
    for (int turn = 0; turn < 3; turn++) node.poll();
    port.sent();
    // Whatever came, the next ping is answered.
    const uint8_t ping[] = {0x84, static_cast<uint8_t>(i), static_cast<uint8_t>(i >> 8)};
    vigie::send_frame(port, {ping, 3, nullptr, 0, 0, 1});
    port.give(port.sent());
    node.poll();
    const Bytes sent = port.sent();
    bool answered = false;
    for (size_t at = 0; at + 2 < sent.size(); at++) answered |= sent[at] == 0 && sent[at + 2] == 0x04;
    EXPECT(answered);
  }
  printf("ok %lu streams\n", streams);
}
