#pragma once
#include <stdint.h>
struct EepromClass {
  uint8_t cells[256];
  void begin(unsigned) {}
  uint8_t read(int at) { return cells[at]; }
  void write(int at, uint8_t value) { cells[at] = value; }
  bool commit() { return true; }
};
inline EepromClass EEPROM;
