// The wires of any board that has an Arduino core (ESP32, RP2040, SAMD, …).
#pragma once

#include <Arduino.h>
#include <EEPROM.h>
#include <SPI.h>
#include <Wire.h>

#include "../../drivers/wires.h"
#include "vigie_node/node.h"

// Speaks over any Stream: a UART, USB, or a TCP client.
class ArduinoPort : public vigie::Port {
 public:
  explicit ArduinoPort(Stream& stream) : stream_(&stream) {}

  void open() { EEPROM.begin(256); }
  void use(Stream& stream) { stream_ = &stream; }
  uint32_t millis() override { return ::millis(); }
  uint32_t micros() override { return ::micros(); }
  void write(uint8_t byte) override { stream_->write(byte); }
  bool read(uint8_t& byte) override {
    const int got = stream_->read();
    byte = static_cast<uint8_t>(got);
    return got >= 0;
  }
  void load(void* to, uint8_t length) override {
    for (uint8_t i = 0; i < length; i++) static_cast<uint8_t*>(to)[i] = EEPROM.read(i);
  }
  bool store(const void* from, uint8_t length) override {
    for (uint8_t i = 0; i < length; i++) EEPROM.write(i, static_cast<const uint8_t*>(from)[i]);
    return EEPROM.commit();
  }
  void restart() override {
#if defined(ESP32)
    ESP.restart();
#elif defined(ARDUINO_ARCH_RP2040)
    rp2040.reboot();
#endif
  }
  uint16_t serial_number() override {
#if defined(ESP32)
    const uint64_t mac = ESP.getEfuseMac();
    return static_cast<uint16_t>(mac >> 32 ^ mac >> 16 ^ mac);
#elif defined(ARDUINO_ARCH_RP2040)
    uint16_t number = 0;
    for (const char* c = rp2040.getChipID(); *c; c++) number = static_cast<uint16_t>(number * 31 + *c);
    return number;
#else
    return 1;
#endif
  }

 private:
  Stream* stream_;
};

class ArduinoOneWire : public vigie::OneWire {
 public:
  explicit ArduinoOneWire(uint8_t pin) : pin_(pin) {}

  bool reset() override {
    pull(480);
    delayMicroseconds(70);
    const bool there = digitalRead(pin_) == LOW;
    delayMicroseconds(410);
    return there;
  }
  void write(uint8_t byte) override {
    for (uint8_t i = 0; i < 8; i++, byte = static_cast<uint8_t>(byte >> 1)) slot(byte & 1);
  }
  uint8_t read() override {
    uint8_t byte = 0;
    for (uint8_t i = 0; i < 8; i++) byte = static_cast<uint8_t>(byte >> 1 | slot(true));
    return byte;
  }

 private:
  void pull(unsigned us) {
    digitalWrite(pin_, LOW);
    pinMode(pin_, OUTPUT);
    delayMicroseconds(us);
    pinMode(pin_, INPUT_PULLUP);
  }
  uint8_t slot(bool one) {
    vigie::Quiet quiet;
    pull(one ? 3 : 62);
    delayMicroseconds(one ? 9 : 3);
    const uint8_t bit = digitalRead(pin_) == HIGH ? 0x80 : 0;
    if (one) delayMicroseconds(53);
    return bit;
  }

  uint8_t pin_;
};

class ArduinoI2c : public vigie::I2c {
 public:
  void open() {
    Wire.begin();
    Wire.setClock(400000);
  }
  bool write(uint8_t address, const uint8_t* bytes, uint8_t length) override {
    Wire.beginTransmission(address);
    Wire.write(bytes, length);
    return Wire.endTransmission() == 0;
  }
  bool read(uint8_t address, uint8_t reg, uint8_t* bytes, uint8_t length) override {
    Wire.beginTransmission(address);
    Wire.write(reg);
    if (Wire.endTransmission(false) != 0 || Wire.requestFrom(address, length) != length) return false;
    for (uint8_t i = 0; i < length; i++) bytes[i] = static_cast<uint8_t>(Wire.read());
    return true;
  }
};

class ArduinoSpi : public vigie::Spi {
 public:
  explicit ArduinoSpi(uint8_t pin) : pin_(pin) {}

  void open() {
    digitalWrite(pin_, HIGH);
    pinMode(pin_, OUTPUT);
    SPI.begin();
  }
  void select(bool on) override {
    if (on) SPI.beginTransaction(SPISettings(4000000, MSBFIRST, SPI_MODE3));
    digitalWrite(pin_, on ? LOW : HIGH);
    if (!on) SPI.endTransaction();
  }
  uint8_t exchange(uint8_t byte) override { return SPI.transfer(byte); }

 private:
  uint8_t pin_;
};

namespace vigie {

inline Quiet::Quiet() : before_(0) { noInterrupts(); }
inline Quiet::~Quiet() {
  before_ = 0;
  interrupts();
}

}  // namespace vigie
