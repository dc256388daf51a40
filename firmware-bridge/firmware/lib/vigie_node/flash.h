// Constant data that stays in flash on AVR, where constants otherwise cost RAM.
#pragma once

#include <stdint.h>
#include <string.h>

#ifdef __AVR__
#include <avr/pgmspace.h>
#define VIGIE_FLASH PROGMEM
#define VIGIE_TEXT(words) PSTR(words)
#else
#define VIGIE_FLASH
#define VIGIE_TEXT(words) (words)
#endif

namespace vigie {

inline char flash_char(const char* at) {
#ifdef __AVR__
  return static_cast<char>(pgm_read_byte(at));
#else
  return *at;
#endif
}

inline void flash_copy(void* to, const void* from, uint16_t length) {
#ifdef __AVR__
  memcpy_P(to, from, length);
#else
  memcpy(to, from, length);
#endif
}

}  // namespace vigie
