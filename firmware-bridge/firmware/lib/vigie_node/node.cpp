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
  const uint32_t now = port_.millis();
  for (uint32_t& due : due_) due = now;
  for (uint32_t& taken : burst_taken_) taken = now;
  progress_ = status_ = burst_looked_ = now;
  hello();
}

void Node::poll() {
  uint8_t byte;
  while (port_.read(byte)) {
    const uint32_t now = port_.millis();
    console(byte, now);
    if (in_.take(byte)) {
      console_ = false;
      hear(in_.payload(), in_.length(), now);
    }
  }
  if (taking_burst()) {
    go_on_with_burst();
    return;
  }
  const uint32_t now = port_.millis();
  if (console_) {
    if (now - key_ > 60000) console_ = false;
    return;
  }
  samples(now);
  if (now - status_ >= kStatusEvery) status(now);
  schedule_bursts(now);
}

bool Node::due(uint8_t channel) {
  const uint32_t now = port_.millis();
  const uint32_t period = stored_.periods[channel];
  if (now - due_[channel] < period) return false;
  due_[channel] += period;
  // After a long stop: late samples are skipped, not made up for.
  if (now - due_[channel] >= period) due_[channel] = now;
  return true;
}

void Node::hear(const uint8_t* payload, uint8_t length, uint32_t now) {
  Reader reader(payload, length);
  switch (reader.u8()) {
    case kWho:
      ring_.back_to_saved();
      progress_ = now;
      hello();
      break;
    case kDescribe:
      describe(reader.u8());
      break;
    case kPing: {
      Message& message = out_.start(kPong);
      message.u16(reader.u16());
      message.u16(stored_.boot);
      message.u32(now);
      message.u32(port_.millis());
      if (!reader.failed()) say();
      break;
    }
    case kAck:
      hear_ack(reader, now);
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

void Node::hear_ack(Reader& reader, uint32_t now) {
  const uint16_t boot = reader.u16();
  const uint32_t saved = reader.u32();
  const uint32_t received = reader.u32();
  const uint8_t flags = reader.u8();
  if (reader.failed() || boot != stored_.boot) return;
  if (ring_.acknowledged(saved, received)) {
    progress_ = now;
    if (frame_now_ < frame_max_) frame_now_++;
  }
  if (flags & kAckGap) step_back(now);
}

// A frame was lost. Shorter ones get through a noisy wire more often.
void Node::step_back(uint32_t now) {
  ring_.back_to_received();
  progress_ = now;
  if (frame_now_ > 1) frame_now_ = frame_now_ / 2;
}

void Node::samples(uint32_t now) {
  if (!ring_.unanswered()) progress_ = now;
  if (now - progress_ >= kResendAfter) step_back(now);
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
  message.u32(port_.millis());
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

void Node::status(uint32_t now) {
  status_ = now;
  Message& message = out_.start(kStatus);
  message.u16(stored_.boot);
  message.u32(now);
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
