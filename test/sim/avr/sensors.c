#include "sensors.h"

#include <math.h>
#include <simavr/avr_adc.h>
#include <simavr/avr_ioport.h>
#include <simavr/avr_spi.h>
#include <simavr/avr_twi.h>
#include <simavr/sim_cycle_timers.h>
#include <simavr/sim_io.h>
#include <simavr/sim_irq.h>
#include <simavr/sim_time.h>
#include <stdint.h>
#include <string.h>

struct world world = {.celsius = 21.5, .thermometer = 1, .amps = 10, .clamp = 1, .pulses_per_s = 4, .turns_per_min = 1500,
                      .volts = 12, .milliamps = 250, .shake_g = 0.5, .vibration_g = 1, .pulses = 0};

static avr_t* chip;

static double seconds(void) { return (double)chip->cycle / chip->frequency; }
static avr_irq_t* pin(char port, int number) { return avr_io_getirq(chip, AVR_IOCTL_IOPORT_GETIRQ(port), number); }

/* Clamp: the bias of 2.5 V and the current, as the converter asks. */
static void on_convert(avr_irq_t* irq, uint32_t value, void* param) {
  (void)irq, (void)value, (void)param;
  double volts = 0;
  if (world.clamp) volts = 2.5 + world.amps / 30 * sqrt(2) * sin(2 * M_PI * 50 * seconds());
  volts = volts < 0 ? 0 : volts > 5 ? 5 : volts;
  avr_raise_irq(avr_io_getirq(chip, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_ADC0), (uint32_t)(volts * 1000 + 0.5));
}

/* Pulses on D2 with two bounces each, turns on D3: edges by cycle timers, so that their times are exact. */
static avr_cycle_count_t bounce(avr_t* avr, avr_cycle_count_t when, void* param) {
  (void)param;
  static int step;
  avr_raise_irq(pin('D', 2), step & 1);
  step++;
  if (step < 6) return when + avr_usec_to_cycles(avr, 150);
  step = 0;
  return 0;
}

static avr_cycle_count_t pulse(avr_t* avr, avr_cycle_count_t when, void* param) {
  (void)param;
  if (world.pulses_per_s <= 0) return when + avr_usec_to_cycles(avr, 100000);
  world.pulses++;
  avr_cycle_timer_register_usec(avr, 1, bounce, NULL);
  return when + (avr_cycle_count_t)(avr->frequency / world.pulses_per_s);
}

static avr_cycle_count_t turn(avr_t* avr, avr_cycle_count_t when, void* param) {
  (void)param;
  static int level;
  if (world.turns_per_min <= 0) return when + avr_usec_to_cycles(avr, 100000);
  avr_raise_irq(pin('D', 3), level ^= 1);
  return when + (avr_cycle_count_t)(avr->frequency * 60 / world.turns_per_min / 2);
}

/* DS18B20 on D4. Time slots are told apart by how long the master holds the line down. */
static struct {
  avr_cycle_count_t down;
  uint8_t command[2];
  int bits_in, bits_out;
  uint8_t pad[9];
} wire;

static void wire_level(int level) { avr_raise_irq(pin('D', 4), level); }

static avr_cycle_count_t wire_up(avr_t* avr, avr_cycle_count_t when, void* param) {
  (void)avr, (void)when, (void)param;
  wire_level(1);
  return 0;
}

static avr_cycle_count_t wire_down(avr_t* avr, avr_cycle_count_t when, void* param) {
  (void)avr, (void)when, (void)param;
  wire_level(0);
  return 0;
}

static avr_cycle_count_t presence(avr_t* avr, avr_cycle_count_t when, void* param) {
  (void)when, (void)param;
  wire_level(0);
  avr_cycle_timer_register_usec(avr, 120, wire_up, NULL);
  return 0;
}

static void fill_pad(void) {
  int raw = world.thermometer == 2 ? 85 * 16 : (int)lround(world.celsius * 16);
  const uint8_t pad[8] = {raw & 0xff, (raw >> 8) & 0xff, 0x4b, 0x46, 0x7f, 0xff, 0x0c, 0x10};
  uint8_t crc = 0;
  memcpy(wire.pad, pad, 8);
  for (int i = 0; i < 64; i++) {
    int mix = (crc ^ (pad[i / 8] >> (i % 8))) & 1;
    crc = (uint8_t)(crc >> 1 ^ (mix ? 0x8c : 0));
  }
  wire.pad[8] = crc;
}

static void wire_bit(int bit) {
  int byte = wire.bits_in / 8;
  if (byte > 1) return;
  if (wire.bits_in % 8 == 0) wire.command[byte] = 0;
  wire.command[byte] |= (uint8_t)(bit << (wire.bits_in % 8));
  wire.bits_in++;
  if (wire.bits_in == 16 && wire.command[0] == 0xcc && wire.command[1] == 0xbe) {
    fill_pad();
    wire.bits_out = 72;
  }
}

static void on_wire(avr_irq_t* irq, uint32_t value, void* param) {
  (void)irq, (void)param;
  static int was;
  int held = value >> 4 & 1;  // the pin is an output, and low
  if (held == was) return;
  was = held;
  if (!world.thermometer) return;
  if (held) {
    wire.down = chip->cycle;
    return;
  }
  uint32_t us = avr_cycles_to_usec(chip, chip->cycle - wire.down);
  if (us > 400) {
    wire.bits_in = wire.bits_out = 0;
    avr_cycle_timer_register_usec(chip, 30, presence, NULL);
  } else if (wire.bits_out > 0) {
    int i = 72 - wire.bits_out--;
    if (wire.pad[i / 8] >> (i % 8) & 1) return;
    avr_cycle_timer_register(chip, 1, wire_down, NULL); /* after the pull-up had its turn */
    avr_cycle_timer_register_usec(chip, 35, wire_up, NULL);
  } else {
    wire_bit(us < 15);
  }
}

/* ADXL345 on SPI. */
static struct {
  int selected, at, fifo, lost;
  uint8_t reg, regs[64];
  double started;
  long taken;
} adxl;

static double adxl_rate(void) { return 3200.0 / (1 << (0x0f - (adxl.regs[0x2c] & 0x0f))); }

static int adxl_waiting(void) {
  if (!(adxl.regs[0x2d] & 8)) return 0;
  long waiting = (long)((seconds() - adxl.started) * adxl_rate()) - adxl.taken;
  if (waiting > 32) adxl.taken += waiting - 32;
  return waiting > 32 ? 32 : (int)waiting;
}

static int16_t adxl_sample(int axis) {
  if (axis != 2) return (int16_t)(axis * 10);
  double g = 1 + world.vibration_g * sin(2 * M_PI * 100 * (double)adxl.taken / adxl_rate());
  double raw = g * 256;
  return (int16_t)lround(raw > 4095 ? 4095 : raw < -4096 ? -4096 : raw);
}

static uint8_t adxl_read(uint8_t reg) {
  if (reg == 0) return 0xe5;
  if (reg == 0x39) return (uint8_t)adxl_waiting();
  if (reg >= 0x32 && reg <= 0x37) {
    uint16_t raw = (uint16_t)adxl_sample((reg - 0x32) / 2);
    return (uint8_t)(reg & 1 ? raw >> 8 : raw);
  }
  return adxl.regs[reg & 63];
}

static void on_spi(avr_irq_t* irq, uint32_t value, void* param) {
  (void)irq, (void)param;
  uint8_t answer = 0;
  if (adxl.selected) {
    if (adxl.at == 0) {
      adxl.reg = (uint8_t)value;
    } else {
      uint8_t reg = (uint8_t)((adxl.reg & 0x3f) + (adxl.reg & 0x40 ? adxl.at - 1 : 0));
      if (adxl.reg & 0x80) answer = adxl_read(reg);
      else {
        if (reg == 0x2d && (value & 8) && !(adxl.regs[0x2d] & 8)) adxl.started = seconds(), adxl.taken = 0;
        adxl.regs[reg & 63] = (uint8_t)value;
      }
      if ((adxl.reg & 0x80) && reg == 0x37) adxl.taken++;
    }
    adxl.at++;
  }
  avr_raise_irq(avr_io_getirq(chip, AVR_IOCTL_SPI_GETIRQ(0), SPI_IRQ_INPUT), answer);
}

/* simavr lets every SPI byte take 100 µs, whatever its clock: too slow for any accelerometer. Here it takes the 8 bits at 4 MHz. */
static void on_spdr(avr_t* avr, avr_io_addr_t address, uint8_t value, void* param) {
  (void)address, (void)value, (void)param;
  const avr_cycle_count_t slow = avr->cycle + avr_usec_to_cycles(avr, 100);
  for (avr_cycle_timer_slot_p slot = avr->cycle_timers.timer; slot; slot = slot->next) {
    if (slot->when != slow) continue;
    const avr_cycle_timer_t done = slot->timer;
    void* const spi = slot->param;
    avr_cycle_timer_cancel(avr, done, spi);
    avr_cycle_timer_register(avr, 32, done, spi);
    return;
  }
}

static void on_select(avr_irq_t* irq, uint32_t value, void* param) {
  (void)irq, (void)param;
  adxl.selected = !value;
  adxl.at = 0;
}

/* INA219 and MPU6050 on I²C. */
static struct {
  int selected, at, reading;
  uint8_t reg;
} twi;

static uint8_t twi_byte(void) {
  uint16_t word = 0;
  if (twi.selected == 0x40) {
    if (twi.reg == 2) word = (uint16_t)((unsigned)lround(world.volts / 0.004) << 3);
    if (twi.reg == 1) word = (uint16_t)lround(world.milliamps * 10);
  } else if (twi.reg == 0x3f) {
    static double now;
    if (twi.at == 0) now = seconds();
    word = (uint16_t)(int16_t)lround(2048 * (1 + world.shake_g * sin(2 * M_PI * 3 * now)));
  }
  return (uint8_t)(twi.at++ & 1 ? word : word >> 8);
}

static void on_twi(avr_irq_t* irq, uint32_t value, void* param) {
  (void)irq, (void)param;
  avr_twi_msg_irq_t message = {.u = {.v = value}};
  avr_irq_t* back = avr_io_getirq(chip, AVR_IOCTL_TWI_GETIRQ(0), TWI_IRQ_INPUT);
  if (message.u.twi.msg & TWI_COND_STOP) twi.selected = 0;
  if (message.u.twi.msg & TWI_COND_START) {
    int address = message.u.twi.addr >> 1;
    twi.selected = address == 0x40 || address == 0x68 ? address : 0;
    twi.at = 0;
    twi.reading = message.u.twi.addr & 1;
    if (twi.selected) avr_raise_irq(back, avr_twi_irq_msg(TWI_COND_ACK, message.u.twi.addr, 1));
  }
  if (!twi.selected) return;
  if (message.u.twi.msg & TWI_COND_WRITE) {
    if (twi.at++ == 0) twi.reg = message.u.twi.data;
    avr_raise_irq(back, avr_twi_irq_msg(TWI_COND_ACK, message.u.twi.addr, 1));
  }
  if (message.u.twi.msg & TWI_COND_READ)
    avr_raise_irq(back, avr_twi_irq_msg(TWI_COND_READ, message.u.twi.addr, twi_byte()));
}

void sensors_attach(avr_t* avr) {
  chip = avr;
  chip->vcc = chip->avcc = chip->aref = 5000;
  avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_OUT_TRIGGER), on_convert, NULL);
  avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ('D'), IOPORT_IRQ_DIRECTION_ALL), on_wire, NULL);
  avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_SPI_GETIRQ(0), SPI_IRQ_OUTPUT), on_spi, NULL);
  avr_irq_register_notify(pin('B', 2), on_select, NULL);
  avr_register_io_write(avr, 0x4e, on_spdr, NULL);
  avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_TWI_GETIRQ(0), TWI_IRQ_OUTPUT), on_twi, NULL);
  avr_ioport_external_t pull_up = {.name = 'D', .mask = 1 << 4, .value = 1 << 4};
  avr_ioctl(avr, AVR_IOCTL_IOPORT_SET_EXTERNAL('D'), &pull_up);
  avr_raise_irq(pin('D', 2), 1);
  avr_raise_irq(pin('D', 3), 1);
  wire_level(1);
  avr_cycle_timer_register_usec(avr, 50000, pulse, NULL);
  avr_cycle_timer_register_usec(avr, 50000, turn, NULL);
}

