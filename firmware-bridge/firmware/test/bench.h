// A host that plays the board: time stands still until a test moves it, bytes go into a vector.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <string>
#include <vector>

#include "vigie_node/node.h"

using Bytes = std::vector<uint8_t>;

#define EXPECT(condition)                                                         \
  do {                                                                            \
    if (!(condition)) {                                                           \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);     \
      exit(1);                                                                    \
    }                                                                             \
  } while (0)

class HostPort : public vigie::Port {
 public:
  uint32_t time = 0;
  Bytes in;
  size_t taken = 0;
  Bytes out;
  Bytes memory = Bytes(256, 0xff);
  bool broken_memory = false;
  bool restarted = false;

  uint32_t millis() override { return time; }
  uint32_t micros() override { return time * 1000; }
  void write(uint8_t byte) override { out.push_back(byte); }
  bool read(uint8_t& byte) override {
    if (taken == in.size()) {
      in.clear();
      taken = 0;
      return false;
    }
    byte = in[taken++];
    return true;
  }
  void load(void* to, uint8_t length) override { memcpy(to, memory.data(), length); }
  bool store(const void* from, uint8_t length) override {
    if (!broken_memory) memcpy(memory.data(), from, length);
    return !broken_memory;
  }
  void restart() override { restarted = true; }
  uint16_t serial_number() override { return 0x2a7f; }

  Bytes sent() {
    Bytes bytes;
    bytes.swap(out);
    return bytes;
  }
  void give(const Bytes& bytes) { in.insert(in.end(), bytes.begin(), bytes.end()); }
  void type(const char* words) { give(Bytes(words, words + strlen(words))); }
};

