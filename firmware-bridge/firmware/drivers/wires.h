// What drivers need of a board: wires, and a way to wait some microseconds. A board implements those that it has.
#pragma once

#include <stdint.h>

namespace vigie {

// Dallas 1-Wire. `reset` is true when somebody answers with a presence pulse.
class OneWire {
 public:
  virtual bool reset() = 0;
  virtual void write(uint8_t byte) = 0;
  virtual uint8_t read() = 0;
};

// I²C, 7-bit addresses. False when nobody acknowledges or the bus hangs.
class I2c {
 public:
  virtual bool write(uint8_t address, const uint8_t* bytes, uint8_t length) = 0;
  virtual bool read(uint8_t address, uint8_t reg, uint8_t* bytes, uint8_t length) = 0;

  bool set(uint8_t address, uint8_t reg, uint8_t value) {
    const uint8_t bytes[] = {reg, value};
    return write(address, bytes, sizeof(bytes));
  }
};

// SPI mode 3 with one chip select.
class Spi {
 public:
  virtual void select(bool on) = 0;
  virtual uint8_t exchange(uint8_t byte) = 0;
};

// Keeps interrupts out while a driver takes what an interrupt left.
class Quiet {
 public:
  Quiet();
  ~Quiet();

 private:
  uint8_t before_;
};

}  // namespace vigie
