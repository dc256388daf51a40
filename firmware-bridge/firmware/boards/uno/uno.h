// ATmega328P at 16 MHz (Arduino Uno, Nano), without the Arduino library.
//   D0/D1 serial   D2 pulses   D3 hall   D4 1-Wire   D10 to D13 SPI   A0 clamp   A4/A5 I²C
#pragma once

#include <stdint.h>

#include "../../drivers/wires.h"
#include "vigie_node/node.h"

namespace uno {

class UnoPort : public vigie::Port {
 public:
  void open();
  uint32_t millis() override;
  uint32_t micros() override;
  void write(uint8_t byte) override;
  bool read(uint8_t& byte) override;
  void load(void* to, uint8_t length) override;
  bool store(const void* from, uint8_t length) override;
  void restart() override;
  uint16_t serial_number() override;
};

class UnoOneWire : public vigie::OneWire {
 public:
  bool reset() override;
  void write(uint8_t byte) override;
  uint8_t read() override;

 private:
  uint8_t slot(bool one);
};

class UnoI2c : public vigie::I2c {
 public:
  void open();
  bool write(uint8_t address, const uint8_t* bytes, uint8_t length) override;
  bool read(uint8_t address, uint8_t reg, uint8_t* bytes, uint8_t length) override;

 private:
  bool step(uint8_t control);
  bool begin(uint8_t address_and_direction);
  bool end(bool good);
};

class UnoSpi : public vigie::Spi {
 public:
  void open();
  void select(bool on) override;
  uint8_t exchange(uint8_t byte) override;
};

vigie::ResetCause reset_cause();
// Pulses on D2 and D3 and a conversion of A0 a thousand times a second: `main` defines these, interrupts call them.
void on_pulse(uint32_t micros);
void on_hall(uint32_t micros);
void on_adc(uint16_t value);
void open_inputs();

}  // namespace uno
