// Bursts of raw vibration: sampled and sent in one go, because a small chip has no room to keep them.
#include "bytes.h"
#include "node.h"

namespace vigie {

namespace {

constexpr uint8_t kBurstStart = 0x07;
constexpr uint8_t kBurstChunk = 0x08;
constexpr uint8_t kBurstEnd = 0x09;
constexpr uint8_t kSaturatedFlag = 1;
constexpr uint8_t kBrokenFlag = 2;

constexpr uint32_t kLookEvery = 10000;
constexpr uint16_t kLookSamples = 256;  // see judge_look
// No sample for this long: the sensor has gone.
constexpr uint32_t kPauseMax = 500;

}  // namespace

void Node::bursts_from(BurstSource& source, uint8_t channel, uint8_t axes) {
  source_ = &source;
  first_axis_ = channel;
  axes_ = axes < kMaxBursts ? axes : kMaxBursts;
}

void Node::schedule_bursts() {
  const bool look = passed(burst_looked_, kLookEvery);
  if (look) burst_looked_ = now();
  // One axis after the other, so that none of them waits for ever.
  for (uint8_t i = 0; i < axes_ && !taking_burst(); i++) {
    uint8_t axis = static_cast<uint8_t>(burst_.axis + 1 + i);
    while (axis >= axes_) axis = static_cast<uint8_t>(axis - axes_);
    const uint32_t* const burst = stored_.bursts[axis];
    if (burst[kEvery] != 0 && passed(burst_taken_[axis], burst[kEvery] * 1000)) {
      burst_taken_[axis] = now();
      begin_burst(axis, kScheduled, kTaking);
    } else if (look && burst[kAbove] != 0) {
      begin_burst(axis, kThreshold, kLooking);
    }
  }
}

void Node::begin_burst(uint8_t axis, Reason reason, Stage stage) {
  const uint32_t* const burst = stored_.bursts[axis];
  const uint16_t count = stage == kLooking ? kLookSamples : static_cast<uint16_t>(burst[kCount]);
  begin_burst(axis, count, static_cast<uint16_t>(burst[kRate]), reason, stage);
}

void Node::begin_burst(uint8_t axis, uint16_t count, uint16_t rate, Reason reason, Stage stage) {
  if (count == 0 || count > 16384 || rate == 0) return;
  if (!source_->begin(axis, rate, burst_.full)) return;
  burst_.stage = stage;
  burst_.axis = axis;
  burst_.count = count;
  burst_.done = burst_.held = 0;
  burst_.saturated = false;
  burst_.sum = 0;
  burst_.squares = 0;
  burst_.shift = 0;
  while (burst_.full >> burst_.shift > 4096) burst_.shift++;
  burst_.began = burst_.last = 0;
  progress_ = now();
  if (stage == kLooking) return;
  burst_.number++;
  Message& message = out_.start(kBurstStart);
  message.u8(burst_.number);
  message.u8(static_cast<uint8_t>(first_axis_ + axis));
  message.u16(burst_.count);
  message.u32(rate * 1000UL);
  message.u32(now());
  message.u16(static_cast<uint16_t>(burst_.full));
  message.u8(reason);
  say();
}

void Node::go_on_with_burst() {
  const uint16_t left = static_cast<uint16_t>(burst_.count - burst_.done - burst_.held);
  const uint8_t room = static_cast<uint8_t>(kChunk - burst_.held);
  int16_t* const samples = samples_ + burst_.held;
  const int8_t taken = source_->take(samples, left < room ? static_cast<uint8_t>(left) : room);
  if (taken < 0 || (taken == 0 && passed(progress_, kPauseMax))) return end_burst(kBrokenFlag);
  if (taken > 0) {
    progress_ = now();
    burst_.last = port_.micros();
    if (burst_.done + burst_.held == 0) burst_.began = burst_.last;
  }
  for (int8_t i = 0; i < taken; i++) {
    const int16_t sample = samples[i];
    add_to_look(static_cast<int16_t>(sample >> burst_.shift));
    if (sample >= burst_.full || sample <= -burst_.full) burst_.saturated = true;
  }
  burst_.held = static_cast<uint8_t>(burst_.held + taken);
  const bool last = burst_.done + burst_.held == burst_.count;
  if (burst_.held < kChunk && !last) return;
  if (burst_.stage == kTaking) {
    Message& message = out_.start(kBurstChunk);
    message.u8(burst_.number);
    message.u16(burst_.done);
    for (uint8_t i = 0; i < burst_.held; i++) message.u16(static_cast<uint16_t>(samples_[i]));
    say();
  }
  burst_.done = static_cast<uint16_t>(burst_.done + burst_.held);
  burst_.held = 0;
  if (last) end_burst(burst_.saturated ? kSaturatedFlag : 0);
}

void Node::end_burst(uint8_t flags) {
  source_->end();
  const Stage stage = burst_.stage;
  burst_.stage = kIdle;
  progress_ = now();
  if (stage == kLooking) {
    if (!(flags & kBrokenFlag)) judge_look();
    return;
  }
  Message& message = out_.start(kBurstEnd);
  message.u8(burst_.number);
  message.u16(burst_.count);
  message.u32(burst_.last - burst_.began);
  message.u8(flags);
  say();
}

// Samples have at most 12 bits and a sign here, so that 256 squares nearly fit into 32 bits: what overflows stays at the top.
void Node::add_to_look(int16_t sample) {
  burst_.sum += sample;
  const uint32_t squares = burst_.squares + static_cast<uint32_t>(static_cast<int32_t>(sample) * sample);
  burst_.squares = squares < burst_.squares ? UINT32_MAX : squares;
}

// 256 times the variance is Σx² − (Σx/16)²: no division by anything but 16, and no root, to compare an RMS.
void Node::judge_look() {
  const uint32_t* const burst = stored_.bursts[burst_.axis];
  const uint32_t mean16 = static_cast<uint32_t>(burst_.sum < 0 ? -burst_.sum : burst_.sum) / 16;
  const uint32_t above = burst[kAbove] >> burst_.shift;
  const uint32_t spread = burst_.squares - mean16 * mean16;
  if (above < 4096 && spread > above * above * 256) begin_burst(burst_.axis, kThreshold, kTaking);
}

}  // namespace vigie
