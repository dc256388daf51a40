// As much of an Arduino core as the sketch needs, for a host: time goes on by itself, no sensor answers.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <vector>

enum { LOW, HIGH };
enum { INPUT, OUTPUT, INPUT_PULLUP };
enum { FALLING = 2, MSBFIRST = 1, SPI_MODE3 = 3 };

inline uint32_t fake_micros;
inline uint32_t micros() { return fake_micros += 20; }
inline uint32_t millis() { return micros() / 1000; }
inline void delayMicroseconds(unsigned us) { fake_micros += us; }
inline void pinMode(uint8_t, int) {}
inline void digitalWrite(uint8_t, int) {}
inline int digitalRead(uint8_t) { return HIGH; }
inline int analogRead(uint8_t) { return 512; }
inline void analogReadResolution(int) {}
inline int digitalPinToInterrupt(int pin) { return pin; }
inline void attachInterrupt(int, void (*)(), int) {}
inline void interrupts() {}
inline void noInterrupts() {}

class Stream {
 public:
  std::vector<uint8_t> out;
  void begin(unsigned long) {}
  size_t write(uint8_t byte) {
    out.push_back(byte);
    return 1;
  }
  int read() { return -1; }
};
inline Stream Serial;
