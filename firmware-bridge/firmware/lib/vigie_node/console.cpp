// The text console for a person with a terminal.
#include "node.h"

namespace vigie {

namespace {

constexpr uint8_t kLine = Message::kRoom - 1;

bool begins(const char* line, const char* flash_word) {
  while (const char letter = flash_char(flash_word++))
    if (*line++ != letter) return false;
  return true;
}

bool number(const char* from, uint32_t& value) {
  if (*from == 0) return false;
  value = 0;
  for (; *from; from++) {
    if (*from < '0' || *from > '9' || value > 9999999) return false;
    value = value * 10 + static_cast<uint32_t>(*from - '0');
  }
  return true;
}

bool good_id(const char* id) {
  uint8_t length = 0;
  for (; id[length]; length++) {
    const char c = id[length];
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-')) return false;
  }
  return length > 0 && length <= kIdMax;
}

}  // namespace

// Three times Enter opens it; where these bytes were part of a frame, its good end closes it again. The line grows in the buffer of outgoing messages, which rests meanwhile.
void Node::console(uint8_t byte) {
  const bool enter = byte == '\r' || byte == '\n';
  if (!console_) {
    enters_ = enter ? static_cast<uint8_t>(enters_ + 1) : 0;
    if (enters_ < 3) return;
    console_ = true;
    enters_ = typed_ = 0;
    key_ = now();
    print(VIGIE_TEXT("\r\n? for help\r\n> "));
    return;
  }
  key_ = now();
  if (byte == 0) return;
  if (!enter) {
    if (byte == 8 || byte == 127) {
      if (typed_ > 0) typed_--;
    } else if (typed_ < kLine) {
      out_.bytes()[typed_++] = byte;
    }
    port_.write(byte);
    return;
  }
  out_.bytes()[typed_] = 0;
  typed_ = 0;
  print(VIGIE_TEXT("\r\n"));
  command();
  if (console_) print(VIGIE_TEXT("> "));
}

void Node::command() {
  char* line = reinterpret_cast<char*>(out_.bytes());
  bool done = true;
  if (begins(line, VIGIE_TEXT("exit"))) {
    console_ = false;
  } else if (begins(line, VIGIE_TEXT("show"))) {
    show();
  } else if (begins(line, VIGIE_TEXT("reset"))) {
    port_.restart();
  } else if (begins(line, VIGIE_TEXT("id ")) && good_id(line + 3)) {
    memcpy(stored_.id, line + 3, strlen(line + 3) + 1);
    done = save_settings();
  } else if (begins(line, VIGIE_TEXT("set "))) {
    done = false;
    char* const gap = strchr(line + 4, ' ');
    uint32_t period = 0;
    if (gap != nullptr && number(gap + 1, period)) {
      *gap = 0;
      uint32_t* const place = setting_at(0, channel_called(line + 4));
      done = place != nullptr && set(0, *place, period) == 0;
    }
  } else {
    done = *line == 0;
  }
  if (!done) print(VIGIE_TEXT("show | id NAME | set CHANNEL MS | reset | exit\r\n"));
}

void Node::show() {
  print_ram(stored_.id);
  print(VIGIE_TEXT(" boot "));
  print_number(stored_.boot);
  print(VIGIE_TEXT(", waiting "));
  print_number(ring_.waiting());
  print(VIGIE_TEXT(", lost "));
  print_number(ring_.lost());
  for (uint8_t i = 0; i < count_; i++) {
    print(VIGIE_TEXT("\r\n  "));
    const Channel about = channel(i);
    print_ram(about.name);
    print(VIGIE_TEXT(" ["));
    print_ram(about.unit);
    print(VIGIE_TEXT("] every "));
    print_number(stored_.periods[i]);
    print(VIGIE_TEXT(" ms"));
  }
  print(VIGIE_TEXT("\r\n"));
}

uint8_t Node::channel_called(const char* name) const {
  uint8_t i = 0;
  while (i < count_ && strcmp(channel(i).name, name) != 0) i++;
  return i;
}

void Node::print(const char* flash_text) {
  while (const char letter = flash_char(flash_text++)) port_.write(static_cast<uint8_t>(letter));
}

void Node::print_ram(const char* text) {
  while (*text) port_.write(static_cast<uint8_t>(*text++));
}

void Node::print_number(uint32_t number) {
  char digits[11];
  uint8_t at = sizeof(digits) - 1;
  digits[at] = 0;
  do {
    digits[--at] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number > 0);
  print_ram(digits + at);
}

}  // namespace vigie
