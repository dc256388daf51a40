// Runs an ATmega328P image under simavr, paced to real time, with its UART on a pseudo-terminal.
//   runner FILE.elf [SEED]
// Says `pty PATH` and then obeys lines on its standard input: `noise P` (share of damaged bytes, both ways), `cut`, `join`
// (the cable), `reset`, `set NAME VALUE` (a sensor), `pulses` (how many were given), `lag` (ms that a busy
// machine has held it up, at most), `start` (when its time began, in ms of the monotonic clock), `quit`.
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "sensors.h"

static int terminal;
static double noise;
static int cut;
static double start; /* when its time began, by the monotonic clock */
static double lag; /* the furthest that the chip has been behind real time */
static unsigned long long seed = 1;
/* What a kernel would keep for a reader that is slow. */
static unsigned char outgoing[65536];
static size_t waiting;

static double chance(void) {
  seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
  return (double)(seed >> 11) / 9007199254740992.0;
}

static unsigned char damaged(unsigned char byte) {
  return noise > 0 && chance() < noise ? (unsigned char)(byte ^ (1 + (int)(chance() * 255))) : byte;
}

static void flush_out(void) {
  if (cut) waiting = 0;
  if (waiting == 0) return;
  ssize_t gone = write(terminal, outgoing, waiting);
  if (gone <= 0) return;
  waiting -= (size_t)gone;
  memmove(outgoing, outgoing + gone, waiting);
}

static void on_uart(struct avr_irq_t* irq, uint32_t value, void* param) {
  (void)irq, (void)param;
  if (waiting < sizeof(outgoing)) outgoing[waiting++] = damaged((unsigned char)value);
}

/* Eleven bytes in a millisecond are what a line of 115200 carries. */
static void take_in(avr_t* avr) {
  unsigned char bytes[11];
  ssize_t count = read(terminal, bytes, sizeof(bytes));
  for (ssize_t i = 0; i < count && !cut; i++)
    avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT), damaged(bytes[i]));
}

static void set_sensor(const char* name, double value) {
  struct {
    const char* name;
    double* number;
    int* choice;
  } all[] = {{"celsius", &world.celsius, 0},         {"thermometer", 0, &world.thermometer},
             {"amps", &world.amps, 0},               {"clamp", 0, &world.clamp},
             {"pulses_per_s", &world.pulses_per_s, 0}, {"turns_per_min", &world.turns_per_min, 0},
             {"volts", &world.volts, 0},             {"milliamps", &world.milliamps, 0},
             {"shake_g", &world.shake_g, 0},         {"vibration_g", &world.vibration_g, 0}};
  for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
    if (strcmp(all[i].name, name) != 0) continue;
    if (all[i].number) *all[i].number = value;
    else *all[i].choice = (int)value;
    return;
  }
  fprintf(stderr, "no sensor %s\n", name);
}

static int obey(avr_t* avr, const char* line) {
  char name[32];
  double value;
  if (sscanf(line, "noise %lf", &value) == 1) noise = value;
  else if (sscanf(line, "set %31s %lf", name, &value) == 2) set_sensor(name, value);
  else if (strcmp(line, "cut") == 0) cut = 1;
  else if (strcmp(line, "join") == 0) cut = 0;
  else if (strcmp(line, "pulses") == 0) printf("pulses %lu\n", world.pulses);
  else if (strcmp(line, "start") == 0) printf("start %.3f\n", start * 1000);
  else if (strcmp(line, "lag") == 0) printf("lag %.0f\n", lag * 1000);
  else if (strcmp(line, "reset") == 0) {
    avr_reset(avr);
    avr->data[0x54] = 2; /* MCUSR: the reset pin */
  } else if (strcmp(line, "quit") == 0) return 0;
  else fprintf(stderr, "what is %s?\n", line);
  return 1;
}

static int obey_all(avr_t* avr) {
  static char line[128];
  static size_t length;
  char byte;
  ssize_t got;
  while ((got = read(0, &byte, 1)) == 1) {
    if (byte != '\n') {
      if (length < sizeof(line) - 1) line[length++] = byte;
      continue;
    }
    line[length] = 0;
    length = 0;
    if (!obey(avr, line)) return 0;
  }
  return got != 0; /* whoever started us has gone */
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void open_terminal(void) {
  int slave;
  char path[64];
  struct termios raw;
  if (openpty(&terminal, &slave, path, NULL, NULL) != 0) exit(1);
  tcgetattr(slave, &raw);
  cfmakeraw(&raw);
  tcsetattr(slave, TCSANOW, &raw);
  fcntl(terminal, F_SETFL, O_NONBLOCK);
  fcntl(0, F_SETFL, O_NONBLOCK);
  setvbuf(stdout, NULL, _IOLBF, 0);
  printf("pty %s\n", path); /* the slave stays open here, so that the terminal lives while nobody else has it */
}

int main(int argc, char** argv) {
  elf_firmware_t firmware = {0};
  if (argc < 2 || elf_read_firmware(argv[1], &firmware) != 0) return 1;
  if (argc > 2) seed = strtoull(argv[2], NULL, 10) * 2 + 1;
  avr_t* avr = avr_make_mcu_by_name("atmega328p");
  if (!avr) return 1;
  avr_init(avr);
  firmware.frequency = 16000000;
  avr_load_firmware(avr, &firmware);
  uint32_t flags = 0;
  avr_ioctl(avr, AVR_IOCTL_UART_GET_FLAGS('0'), &flags);
  flags &= ~(uint32_t)(AVR_UART_FLAG_STDIO | AVR_UART_FLAG_POLL_SLEEP);
  avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
  avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), on_uart, NULL);
  sensors_attach(avr);
  open_terminal();
  start = now();
  const avr_cycle_count_t step = avr->frequency / 1000;
  for (avr_cycle_count_t end = step;; end += step) {
    while (avr->cycle < end) {
      int state = avr_run(avr);
      if (state == cpu_Done || state == cpu_Crashed) {
        fprintf(stderr, "the chip has stopped (%d)\n", state);
        return 1;
      }
    }
    flush_out();
    take_in(avr);
    if (!obey_all(avr)) return 0;
    const double ahead = (double)avr->cycle / avr->frequency - (now() - start);
    if (-ahead > lag) lag = -ahead;
    if (ahead > 0.0005) usleep((useconds_t)(ahead * 1e6));
  }
}
