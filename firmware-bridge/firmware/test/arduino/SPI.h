#pragma once
#include <stdint.h>
struct SPISettings {
  SPISettings(unsigned long, int, int) {}
};
struct SpiClass {
  void begin() {}
  void beginTransaction(const SPISettings&) {}
  void endTransaction() {}
  uint8_t transfer(uint8_t) { return 0xff; }
};
inline SpiClass SPI;
