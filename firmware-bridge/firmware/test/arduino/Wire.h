#pragma once
#include <stddef.h>
#include <stdint.h>
struct WireClass {
  void begin() {}
  void setClock(unsigned long) {}
  void beginTransmission(uint8_t) {}
  size_t write(uint8_t) { return 1; }
  size_t write(const uint8_t*, size_t length) { return length; }
  uint8_t endTransmission(bool = true) { return 2; }
  uint8_t requestFrom(uint8_t, uint8_t) { return 0; }
  int read() { return -1; }
};
inline WireClass Wire;
