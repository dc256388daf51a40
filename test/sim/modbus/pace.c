/*
 * A Modbus RTU slave with the timing of copper, on a pseudo terminal of its own. Node's timers are too coarse for this.
 *
 *   pace BAUD BITS TURNAROUND_US UNITS FAULTS SEED
 *
 * UNITS: which slave ids answer, as 1,2,5. FAULTS: how many of 1,000 answers are spoilt (lost, damaged, late by 1.1 to 3 times
 * 100 ms, or cut), from the seed. Prints the terminal's name. Every read of n registers from address a answers a, a+1, ...
 *
 * A question at another rate than BAUD is noise to it, and what comes back is noise.
 *
 * A question is over when the last of its characters can have gone over the wire and 3.5 characters of silence stand behind it; the
 * answer goes out TURNAROUND later, eight characters at a time, as a UART with a FIFO of sixteen hands them on. At the end (SIGTERM) it prints one line
 * of JSON: questions, answers, questions that came before the silence behind the last answer was over, and the shortest and mean silence before a question.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t over;
static void stop(int signal_number) { (void)signal_number; over = 1; }

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Sleeps until shortly before, then spins: exact to a few microseconds. */
static void wait_until(int64_t due) {
  int64_t early = due - 80000;
  if (now_ns() < early) {
    struct timespec t = {early / 1000000000LL, early % 1000000000LL};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
  }
  while (now_ns() < due && !over) {}
}

static uint16_t crc(const uint8_t *bytes, int length) {
  uint16_t value = 0xffff;
  for (int i = 0; i < length; i++) {
    value ^= bytes[i];
    for (int bit = 0; bit < 8; bit++) value = value & 1 ? (value >> 1) ^ 0xa001 : value >> 1;
  }
  return value;
}

static uint64_t state;
static uint32_t chance(uint32_t below) {
  state = state * 6364136223846793005ULL + 1442695040888963407ULL;
  return (uint32_t)(state >> 33) % below;
}

/* Whether the other end of the terminal is set to our rate. */
static int heard_at(int line, int baud) {
  static const struct { int baud; speed_t speed; } known[] = {
      {1200, B1200}, {2400, B2400}, {4800, B4800}, {9600, B9600}, {19200, B19200}, {38400, B38400}, {57600, B57600}, {115200, B115200}};
  struct termios now;
  tcgetattr(line, &now);
  for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++)
    if (known[i].baud == baud) return cfgetospeed(&now) == known[i].speed;
  return 1;
}

int main(int count, char **arguments) {
  if (count != 7) return 2;
  double character = atoi(arguments[2]) * 1e9 / atoi(arguments[1]);
  double silence = 3.5 * character < 1750000 ? 1750000 : 3.5 * character;
  int64_t turnaround = atoll(arguments[3]) * 1000;
  uint8_t alive[256] = {0};
  for (char *unit = strtok(arguments[4], ","); unit; unit = strtok(NULL, ",")) alive[atoi(unit) & 255] = 1;
  uint32_t faults = atoi(arguments[5]);
  state = strtoull(arguments[6], NULL, 10);

  int line = posix_openpt(O_RDWR | O_NOCTTY);
  grantpt(line);
  unlockpt(line);
  int keep = open(ptsname(line), O_RDWR | O_NOCTTY);
  struct termios raw;
  tcgetattr(keep, &raw);
  cfmakeraw(&raw);
  tcsetattr(keep, TCSANOW, &raw);
  printf("%s\n", ptsname(line));
  fflush(stdout);
  signal(SIGTERM, stop);

  long questions = 0, answers = 0, hasty = 0;
  int64_t ended = 0;
  double shortest = 1e18, silences = 0;
  uint8_t ask[256], reply[260];
  while (!over) {
    struct pollfd ready = {line, POLLIN, 0};
    if (poll(&ready, 1, 100) <= 0) continue;
    int length = read(line, ask, sizeof ask);
    int64_t began = now_ns();
    while (length > 0 && length < 8) {
      int more = read(line, ask + length, sizeof ask - length);
      if (more <= 0) break;
      length += more;
    }
    if (length != 8) continue;
    if (!heard_at(line, atoi(arguments[1]))) {
      /* What a UART makes of bits that come at another rate. */
      uint8_t noise[5] = {0x80, 0xf8, 0x00, 0x78, 0x80};
      if (write(line, noise, sizeof noise) < 0) return 1;
      continue;
    }
    questions++;
    if (ended && began - ended < shortest) shortest = began - ended;
    if (ended) silences += began - ended;
    /* 50 us for the scheduler of this computer. */
    if (ended && began - ended < silence - 50000) { hasty++; continue; }
    uint16_t check = crc(ask, 6);
    if (ask[6] != (check & 255) || ask[7] != check >> 8 || !alive[ask[0]]) continue;
    int registers = ask[4] << 8 | ask[5], address = ask[2] << 8 | ask[3], size = 5 + 2 * registers;
    if (registers < 1 || registers > 125) continue;
    reply[0] = ask[0];
    reply[1] = ask[1];
    reply[2] = 2 * registers;
    for (int i = 0; i < registers; i++) {
      reply[3 + 2 * i] = (address + i) >> 8;
      reply[4 + 2 * i] = (address + i) & 255;
    }
    check = crc(reply, size - 2);
    reply[size - 2] = check & 255;
    reply[size - 1] = check >> 8;
    int64_t due = began + (int64_t)(8 * character + silence) + turnaround;
    if (chance(1000) < faults) {
      switch (chance(4)) {
        case 0: continue;
        case 1: reply[chance(size)] ^= 1 << chance(8); break;
        case 2: due += 110000000LL + chance(190) * 1000000LL; break;
        default: size = 1 + chance(size - 1);
      }
    }
    const int pieces = 8;
    for (int sent = 0; sent < size && !over; sent += pieces) {
      int piece = size - sent < pieces ? size - sent : pieces;
      due += (int64_t)(piece * character);
      wait_until(due);
      if (write(line, reply + sent, piece) < 0) return 1;
    }
    answers++;
    ended = now_ns();
  }
  printf("{\"questions\":%ld,\"answers\":%ld,\"hasty\":%ld,\"shortest_silence_us\":%.0f,\"mean_silence_us\":%.0f}\n",
         questions, answers, hasty, shortest / 1000, silences / (questions > 1 ? questions - 1 : 1) / 1000);
  fflush(stdout);
  return 0;
}
