// The reference node for boards with an Arduino core: ESP32, RP2040 and their like. Same sensors as the Uno's; the pins are
// those of a Raspberry Pi Pico and most ESP32 boards, change them here.
#include "../../drivers/adxl345.h"
#include "../../drivers/ds18b20.h"
#include "../../drivers/hall.h"
#include "../../drivers/ina219.h"
#include "../../drivers/mpu6050.h"
#include "../../drivers/pulse.h"
#include "../../drivers/sct013.h"
#include "arduino_wires.h"

const uint8_t PIN_ONE_WIRE = 15;
const uint8_t PIN_CHIP_SELECT = 5;
const uint8_t PIN_PULSES = 14;
const uint8_t PIN_HALL = 13;
const uint8_t PIN_CLAMP = 26;

enum : uint8_t { TEMP, CURRENT, PULSES, SPEED, VOLTS, AMPS, SHAKE, X, Y, Z, CHANNELS };

// The clamp on 3.3 V and 10 bits: a step is 0.096680 A.
const vigie::Channel channels[CHANNELS] = {
    {"temp", "Cel", vigie::kGauge, -4, 625, 1000},
    {"current", "A", vigie::kGauge, -8, 96680, 1000},
    {"pulses", "1", vigie::kCounter, 0, 1, 1000},
    {"speed", "/min", vigie::kGauge, -2, 1, 1000},
    {"volts", "V", vigie::kGauge, -3, 4, 5000},
    {"amps", "A", vigie::kGauge, -4, 1, 5000},
    {"shake", "[g]", vigie::kGauge, -9, 488281, 5000},
    {"x", "[g]", vigie::kBurst, -8, 390625, 0},
    {"y", "[g]", vigie::kBurst, -8, 390625, 0},
    {"z", "[g]", vigie::kBurst, -8, 390625, 0},
};

// An hour and more of samples while nobody listens; long frames, because there is memory.
const uint16_t RING = 4000;
uint8_t ring[RING * vigie::kSampleBytes];
const vigie::Firmware firmware = {"vigie-arduino", "1.0"};

ArduinoPort port(Serial);
ArduinoOneWire oneWire(PIN_ONE_WIRE);
ArduinoI2c i2c;
ArduinoSpi spi(PIN_CHIP_SELECT);

vigie::Node node(port, firmware, channels, CHANNELS, ring, RING, 50);
vigie::Ds18b20 thermometer(oneWire, TEMP);
vigie::Sct013 clamp(CURRENT);
vigie::PulseCounter pulses(PULSES);
vigie::HallSpeed shaft(SPEED, 1);
vigie::Ina219 supply(i2c, 0x40, VOLTS, AMPS);
vigie::Mpu6050 shake(i2c, 0x68, SHAKE);
vigie::Adxl345 vibration(spi);
uint32_t converted;

void onPulse() { pulses.edge(micros()); }
void onTurn() { shaft.edge(micros()); }

void setup() {
  Serial.begin(115200);
  port.open();
  i2c.open();
  spi.open();
  analogReadResolution(10);
  pinMode(PIN_PULSES, INPUT_PULLUP);
  pinMode(PIN_HALL, INPUT_PULLUP);
  attachInterrupt(digitalPinToInterrupt(PIN_PULSES), onPulse, FALLING);
  attachInterrupt(digitalPinToInterrupt(PIN_HALL), onTurn, FALLING);
  node.bursts_from(vibration, X, 3);
  node.begin(vigie::kResetUnknown);
}

void loop() {
  node.poll();
  if (node.taking_burst()) return;
  // The clamp wants a conversion every millisecond.
  if (micros() - converted >= 1000) {
    converted += 1000;
    clamp.sample(static_cast<uint16_t>(analogRead(PIN_CLAMP)));
  }
  thermometer.poll(node);
  clamp.poll(node);
  pulses.poll(node);
  shaft.poll(node);
  supply.poll(node);
  shake.poll(node);
}
