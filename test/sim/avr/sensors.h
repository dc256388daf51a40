// The sensors around a simulated ATmega328P, as far as a driver can tell.
#pragma once

#include <simavr/sim_avr.h>

struct world {
  double celsius;         // DS18B20
  int thermometer;        // 0 absent, 1 there, 2 answers 85.0
  double amps;            // RMS through an SCT-013-030
  int clamp;              // 0 unplugged
  double pulses_per_s;    // on D2, each edge bounces
  double turns_per_min;   // on D3
  double volts;           // INA219
  double milliamps;       // over 0.1 Ohm
  double shake_g;         // amplitude on the MPU6050's z axis
  double vibration_g;     // amplitude at 100 Hz on the ADXL345's z axis
  unsigned long pulses;   // falling edges given so far, bounces apart
};

extern struct world world;

void sensors_attach(avr_t* avr);
