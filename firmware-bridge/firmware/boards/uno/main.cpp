// The reference node: a board is this table of channels, its sensors, and a loop.
#include <avr/interrupt.h>
#include <avr/wdt.h>

#include "../../drivers/adxl345.h"
#include "../../drivers/ds18b20.h"
#include "../../drivers/hall.h"
#include "../../drivers/ina219.h"
#include "../../drivers/mpu6050.h"
#include "../../drivers/pulse.h"
#include "../../drivers/sct013.h"
#include "uno.h"

namespace {

enum : uint8_t { kTemp, kCurrent, kPulses, kSpeed, kVolts, kAmps, kShake, kX, kY, kZ, kChannels };

// SCT-013-030 (30 A give 1 V) on 5 V and 10 bits: a step of the ADC is 0.146484 A.
const vigie::Channel channels[kChannels] VIGIE_FLASH = {
    {"temp", "Cel", vigie::kGauge, -4, 625, 1000},
    {"current", "A", vigie::kGauge, -8, 146484, 1000},
    {"pulses", "1", vigie::kCounter, 0, 1, 1000},
    {"speed", "/min", vigie::kGauge, -2, 1, 1000},
    {"volts", "V", vigie::kGauge, -3, 4, 5000},
    {"amps", "A", vigie::kGauge, -4, 1, 5000},
    {"shake", "[g]", vigie::kGauge, -9, 488281, 5000},
    {"x", "[g]", vigie::kBurst, -8, 390625, 0},
    {"y", "[g]", vigie::kBurst, -8, 390625, 0},
    {"z", "[g]", vigie::kBurst, -8, 390625, 0},
};

constexpr uint16_t kSamples = 88;
uint8_t ring[kSamples * vigie::kSampleBytes];
const vigie::Firmware firmware = {"vigie-uno", "1.0"};

uno::UnoPort port;
uno::UnoOneWire one_wire;
uno::UnoI2c i2c;
uno::UnoSpi spi;

vigie::Node node(port, firmware, channels, kChannels, ring, kSamples);
vigie::Ds18b20 thermometer(one_wire, kTemp);
vigie::Sct013 clamp(kCurrent);
vigie::PulseCounter pulses(kPulses);
vigie::HallSpeed speed(kSpeed, 1);
vigie::Ina219 supply(i2c, 0x40, kVolts, kAmps);
vigie::Mpu6050 shake(i2c, 0x68, kShake);
vigie::Adxl345 vibration(spi);

}  // namespace

namespace uno {

void on_pulse(uint32_t micros) { pulses.edge(micros); }
void on_hall(uint32_t micros) { speed.edge(micros); }
void on_adc(uint16_t value) { clamp.sample(value); }

}  // namespace uno

int main() {
  port.open();
  i2c.open();
  spi.open();
  uno::open_inputs();
  sei();
  wdt_enable(WDTO_2S);
  node.bursts_from(vibration, kX, 3);
  node.begin(uno::reset_cause());
  for (;;) {
    wdt_reset();
    node.poll();
    // The FIFO of the accelerometer holds 10 ms: while a burst runs nothing else may take time.
    if (node.taking_burst()) continue;
    thermometer.poll(node);
    clamp.poll(node);
    pulses.poll(node);
    speed.poll(node);
    supply.poll(node);
    shake.poll(node);
  }
}
