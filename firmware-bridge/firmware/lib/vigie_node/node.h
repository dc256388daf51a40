// A node: says who it is, keeps samples until they are saved, takes bursts, keeps its settings (docs/node-protocol.md).
// No heap, no floats, no standard library. A board gives a Port, a table of channels and a ring, and calls poll().
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "flash.h"
#include "frame.h"
#include "ring.h"

namespace vigie {

constexpr uint8_t kProtocolVersion = 1;
constexpr uint8_t kMaxChannels = 16;
constexpr uint8_t kMaxBursts = 3;
constexpr uint8_t kIdMax = 16;

enum Kind : uint8_t { kGauge, kCounter, kState, kBurst };
enum Fault : uint8_t {
  kUnknown,
  kTimeout,
  kCrc,
  kSensorOpen,
  kSensorShort,
  kNoSensor,
  kOutOfRange,
  kSaturated,
  kDevice
};
enum ResetCause : uint8_t { kResetUnknown, kPowerOn, kBrownOut, kWatchdog, kResetPin, kSoftware };
enum Reason : uint8_t { kAsked, kScheduled, kThreshold };

// A channel as it is announced. Lives in flash. A value is raw × mantissa × 10^exponent, in a UCUM unit.
struct Channel {
  char name[14];
  char unit[8];
  Kind kind;
  int8_t exponent;
  uint32_t mantissa;
  uint32_t period;  // ms; 0 for bursts
};

// What a board's build is called. At most 16 and 8 letters.
struct Firmware {
  const char* name;
  const char* release;
};

// What the board is to the node.
class Port : public Output {
 public:
  virtual uint32_t millis() = 0;
  virtual uint32_t micros() = 0;
  // The next byte from the gateway, if there is one.
  virtual bool read(uint8_t& byte) = 0;
  // Non-volatile memory of at least Node::kStored bytes.
  virtual void load(void* to, uint8_t length) = 0;
  virtual bool store(const void* from, uint8_t length) = 0;
  virtual void restart() = 0;
  // A number that differs from chip to chip, for nodes that nobody has named.
  virtual uint16_t serial_number() = 0;
};

// A source of raw vibration: an accelerometer with its FIFO.
class BurstSource {
 public:
  // Starts sampling of an axis; false when it cannot at this rate. `full`: the raw magnitude at which it saturates.
  virtual bool begin(uint8_t axis, uint16_t rate, int16_t& full) = 0;
  // Takes up to `most` samples that are ready. -1: samples were lost.
  virtual int8_t take(int16_t* samples, uint8_t most) = 0;
  virtual void end() = 0;
};

class Node {
 public:
  Node(Port& port, const Firmware& firmware, const Channel* channels, uint8_t count, uint8_t* ring, uint16_t samples,
       uint8_t samples_per_frame = 6);

  // Settings from memory, and the first hello. Once, before anything else.
  void begin(ResetCause cause);
  // All the talking. To be called without cease; returns within a frame's time on the wire.
  void poll();

  // For sensors: true when a channel's period has passed; the next one then begins.
  bool due(uint8_t channel);
  void value(uint8_t channel, int32_t raw) { ring_.put(channel, port_.millis(), raw); }
  void fault(uint8_t channel, Fault fault) { ring_.put(channel | 0x80, port_.millis(), fault); }
  uint32_t debounce() const { return stored_.debounce; }
  Port& port() { return port_; }

  // The channels of kind kBurst from `channel` on are the axes 0, 1, … of this source.
  void bursts_from(BurstSource& source, uint8_t channel, uint8_t axes);
  bool taking_burst() const { return burst_.stage != kIdle; }

  static constexpr uint8_t kChunk = 24;

 private:
  enum Stage : uint8_t { kIdle, kLooking, kTaking };
  // The keys of settings on the wire; those of a burst channel are an array of their own.
  enum BurstKey : uint8_t { kEvery, kAbove, kCount, kRate, kBurstKeys };
  struct Stored {
    uint16_t layout;
    uint16_t boot;
    uint16_t brownouts;
    char id[kIdMax + 1];
    uint32_t periods[kMaxChannels];
    uint32_t bursts[kMaxBursts][kBurstKeys];
    uint32_t debounce;
    uint16_t crc;
  };

  void hear(const uint8_t* payload, uint8_t length, uint32_t heard);
  void hear_ack(Reader& reader);
  void hear_setting(Reader& reader, bool set);
  void describe(uint8_t index);
  void hello();
  void status();
  void samples();
  void step_back();
  uint32_t now();
  bool passed(uint32_t since, uint32_t ms);
  void say();
  uint32_t* setting_at(uint8_t key, uint8_t channel);
  uint8_t set(uint8_t key, uint32_t& place, uint32_t value);
  bool save_settings();
  void load_settings();
  uint16_t crc_of_settings() const;
  Channel channel(uint8_t index) const;

  void schedule_bursts();
  void begin_burst(uint8_t axis, Reason reason, Stage stage);
  void begin_burst(uint8_t axis, uint16_t count, uint16_t rate, Reason reason, Stage stage);
  void go_on_with_burst();
  void end_burst(uint8_t flags);
  void add_to_look(int16_t sample);
  void judge_look();

  void console(uint8_t byte);
  void command();
  void print(const char* flash_text);
  void print_ram(const char* text);
  void print_number(uint32_t number);
  void show();
  uint8_t channel_called(const char* name) const;

  // Small things first: an AVR reaches the first 64 bytes of an object with one instruction.
  Port& port_;
  const Firmware& firmware_;
  const Channel* channels_;
  BurstSource* source_ = nullptr;
  uint8_t count_;
  uint8_t frame_max_;
  uint8_t frame_now_;  // samples per frame, at present
  ResetCause cause_ = kResetUnknown;
  uint8_t first_axis_ = 0;
  uint8_t axes_ = 0;
  bool console_ = false;
  uint8_t enters_ = 0;
  uint8_t typed_ = 0;
  uint32_t key_ = 0;
  uint32_t progress_ = 0;  // when the gateway last got further, or waiting for it began
  uint32_t status_ = 0;
  uint32_t burst_looked_ = 0;
  struct {
    Stage stage;
    uint8_t number;
    uint8_t axis;
    bool saturated;
    uint8_t shift;
    uint8_t held;
    uint16_t count;
    uint16_t done;
    int16_t full;
    uint32_t began;  // µs of the first and of the last sample
    uint32_t last;
    int32_t sum;
    uint32_t squares;
  } burst_ = {};
  SampleRing ring_;
  Message out_;
  uint32_t due_[kMaxChannels];
  uint32_t burst_taken_[kMaxBursts];
  int16_t samples_[kChunk];
  FrameIn in_;
  Stored stored_;

 public:
  static constexpr uint8_t kStored = sizeof(Stored);
};

}  // namespace vigie
