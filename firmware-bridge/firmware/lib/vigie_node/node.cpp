#include "node.h"

#include "bytes.h"

namespace vigie {

namespace {

constexpr uint32_t kResendAfter = 500;
constexpr uint32_t kStatusEvery = 5000;

enum Type : uint8_t {
  kHello = 0x01,
  kChannelIs,
  kSamples,
  kPong,
  kSetting,
  kStatus,
  kWho = 0x81,
  kDescribe,
  kAck,
  kPing,
  kSet,
  kGet,
  kBurstRequest
};

constexpr uint8_t kAckGap = 1;

}  // namespace

Node::Node(Port& port, const Firmware& firmware, const Channel* channels, uint8_t count, uint8_t* ring,
           uint16_t samples, uint8_t samples_per_frame)
    : port_(port),
      firmware_(firmware),
      channels_(channels),
      count_(count < kMaxChannels ? count : kMaxChannels),
      frame_max_(samples_per_frame),
      frame_now_(samples_per_frame),
      ring_(ring, samples) {}

void Node::begin(ResetCause cause) {
  cause_ = cause;
  load_settings();
  const uint32_t start = now();
  for (uint32_t& due : due_) due = start;
  for (uint32_t& taken : burst_taken_) taken = start;
  progress_ = status_ = burst_looked_ = start;
  hello();
}

void Node::poll() {
  uint8_t byte;
  while (port_.read(byte)) {
    const uint32_t heard = now();
    console(byte);
    if (in_.take(byte)) {
      console_ = false;
      hear(in_.payload(), in_.length(), heard);
    }
  }
  if (taking_burst()) {
    go_on_with_burst();
    return;
  }
  if (console_) {
    console_ = !passed(key_, 60000);
    return;
  }
  samples();
  if (passed(status_, kStatusEvery)) status();
  schedule_bursts();
}

// Both out of line: a virtual call takes an AVR twenty bytes, a difference of 32 bits thirty.
__attribute__((noinline)) uint32_t Node::now() { return port_.millis(); }
__attribute__((noinline)) bool Node::passed(uint32_t since, uint32_t ms) { return now() - since >= ms; }

bool Node::due(uint8_t channel) {
  uint32_t& due = due_[channel];
  const uint32_t period = stored_.periods[channel];
  if (!passed(due, period)) return false;
  due += period;
  // After a long stop: late samples are skipped, not made up for.
  if (passed(due, period)) due = now();
  return true;
}

void Node::hear(const uint8_t* payload, uint8_t length, uint32_t heard) {
  Reader reader(payload, length);
  switch (reader.u8()) {
    case kWho:
      ring_.back_to_saved();
      progress_ = heard;
      hello();
      break;
    case kDescribe:
      describe(reader.u8());
      break;
    case kPing: {
      Message& message = out_.start(kPong);
      message.u16(reader.u16());
      message.u16(stored_.boot);
      message.u32(heard);
      message.u32(now());
      if (!reader.failed()) say();
      break;
    }
    case kAck:
      hear_ack(reader);
      break;
    case kSet:
      hear_setting(reader, true);
      break;
    case kGet:
      hear_setting(reader, false);
      break;
    case kBurstRequest: {
      const uint8_t axis = static_cast<uint8_t>(reader.u8() - first_axis_);
      const uint16_t count = reader.u16();
      const uint16_t rate = reader.u16();
      if (!reader.failed() && axis < axes_ && !taking_burst()) begin_burst(axis, count, rate, kAsked, kTaking);
      break;
    }
  }
}

void Node::hear_ack(Reader& reader) {
  const uint16_t boot = reader.u16();
  const uint32_t saved = reader.u32();
  const uint32_t received = reader.u32();
  const uint8_t flags = reader.u8();
  if (reader.failed() || boot != stored_.boot) return;
  if (ring_.acknowledged(saved, received)) {
    progress_ = now();
    if (frame_now_ < frame_max_) frame_now_++;
  }
  if (flags & kAckGap) step_back();
}

// A frame was lost. Shorter ones get through a noisy wire more often.
void Node::step_back() {
  ring_.back_to_received();
  progress_ = now();
  if (frame_now_ > 1) frame_now_ = frame_now_ / 2;
}

void Node::samples() {
  if (!ring_.unanswered()) progress_ = now();
  if (passed(progress_, kResendAfter)) step_back();
  const SampleRing::Stretch stretch = ring_.next(frame_now_);
  if (stretch.samples == 0) return;
  Message& message = out_.start(kSamples);
  message.u16(stored_.boot);
  message.u32(ring_.oldest());
  message.u32(stretch.first);
  const uint16_t length = static_cast<uint16_t>(stretch.samples * kSampleBytes);
  send_frame(port_, {message.bytes(), message.length(), ring_.bytes(), length, stretch.start, ring_.size()});
  ring_.sent(stretch.samples);
}

void Node::hello() {
  Message& message = out_.start(kHello);
  message.u8(kProtocolVersion);
  message.u16(stored_.boot);
  message.u8(cause_);
  message.u16(stored_.brownouts);
  message.u32(now());
  message.u32(ring_.oldest());
  message.u8(count_);
  message.text(stored_.id);
  message.text(firmware_.name);
  message.text(firmware_.release);
  say();
}

void Node::describe(uint8_t index) {
  if (index >= count_) return;
  const Channel about = channel(index);
  Message& message = out_.start(kChannelIs);
  message.u8(index);
  message.u8(about.kind);
  message.u32(about.mantissa);
  message.u8(static_cast<uint8_t>(about.exponent));
  message.u32(stored_.periods[index]);
  message.text(about.name);
  message.text(about.unit);
  say();
}

void Node::status() {
  status_ = now();
  Message& message = out_.start(kStatus);
  message.u16(stored_.boot);
  message.u32(status_);
  message.u32(ring_.lost());
  message.u16(in_.damaged());
  message.u16(ring_.waiting());
  message.u16(ring_.room());
  say();
}

void Node::say() { send_frame(port_, {out_.bytes(), out_.length(), nullptr, 0, 0, 1}); }

Channel Node::channel(uint8_t index) const {
  Channel about;
  flash_copy(&about, channels_ + index, sizeof(about));
  return about;
}

}  // namespace vigie
