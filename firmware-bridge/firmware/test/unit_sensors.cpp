// Unit tests of the drivers, on the host: what a sensor that is broken or not there says is no value.
#include "../drivers/adxl345.h"
#include "../drivers/ds18b20.h"
#include "../drivers/hall.h"
#include "../drivers/ina219.h"
#include "../drivers/mpu6050.h"
#include "../drivers/pulse.h"
#include "../drivers/sct013.h"
#include "fixture.h"

namespace {

void fault_values_of_sensors_are_faults() {
  int16_t raw;
  int32_t wide;
  uint32_t rms;
  vigie::Fault fault;
  uint8_t pad[9] = {0x50, 0x05, 0x4b, 0x46, 0x7f, 0xff, 0x0c, 0x10, 0x1c};  // 85.0, straight from the data sheet
  EXPECT(!vigie::Ds18b20::decode(pad, raw, fault) && fault == vigie::kNoSensor);
  pad[0] = 0x51;
  EXPECT(!vigie::Ds18b20::decode(pad, raw, fault) && fault == vigie::kCrc);
  const uint8_t low[9] = {};
  EXPECT(!vigie::Ds18b20::decode(low, raw, fault) && fault == vigie::kSensorShort);
  const uint8_t high[9] = {255, 255, 255, 255, 255, 255, 255, 255, 255};
  EXPECT(!vigie::Ds18b20::decode(high, raw, fault) && fault == vigie::kCrc);

  vigie::Sct013 clamp(0);
  EXPECT(!vigie::Sct013::judge(0, 0, 200, rms, fault) && fault == vigie::kSensorOpen);
  EXPECT(!vigie::Sct013::judge(200 * 1023, 200U * 1023 * 1023, 200, rms, fault) && fault == vigie::kSensorShort);
  EXPECT(vigie::Sct013::judge(200 * 512, 200U * 512 * 512, 0, rms, fault) && rms == 0);
  // 100 samples at 412 and 100 at 612: 100 steps of RMS.
  EXPECT(vigie::Sct013::judge(200 * 512, 100U * (412 * 412 + 612 * 612), 0, rms, fault) && rms == 10000);
  EXPECT(!vigie::Sct013::judge(200 * 512, 100U * (1 + 1023 * 1023), 100, rms, fault) && fault == vigie::kSaturated);

  EXPECT(vigie::Ina219::decode_bus(3000 << 3 | 2, wide, fault) && wide == 3000);
  EXPECT(!vigie::Ina219::decode_bus(3000 << 3 | 1, wide, fault) && fault == vigie::kSaturated);
  EXPECT(vigie::Ina219::decode_shunt(static_cast<uint16_t>(-2500), wide, fault) && wide == -2500);
  EXPECT(!vigie::Ina219::decode_shunt(32000, wide, fault) && fault == vigie::kSaturated);

  EXPECT(vigie::HallSpeed::speed(25, 1000000, 1) == 150000);
  EXPECT(vigie::HallSpeed::speed(1, 300, 1) == 4000000000U / 300 + 2000000000U / 300);
  EXPECT(vigie::HallSpeed::speed(3, 2, 1) == 0);
  EXPECT(vigie::Mpu6050::spread(0, 100 * 256 * 256, 100) == 2048);
}

void bounces_are_not_pulses() {
  Fixture f;
  vigie::PulseCounter counter(1);
  f.node.due(1);
  counter.poll(f.node);
  for (uint32_t us : {1000U, 1150U, 1300U, 9000U, 9100U, 4294967295U}) counter.edge(us);
  f.port.time = 2000;
  counter.poll(f.node);
  f.port.sent();
  f.node.poll();
  EXPECT(payloads(f.port.sent()).at(0).at(11 + 5) == 3);
}

}  // namespace

int main() {
  fault_values_of_sensors_are_faults();
  bounces_are_not_pulses();
  puts("ok");
}
