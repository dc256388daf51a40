// The sketch for boards with an Arduino core, on the host: it must compile without a warning, introduce itself, and say of every
// sensor that is not there that it is not there.
#include <stdio.h>
#include <stdlib.h>

#include "../boards/arduino_node/arduino_node.ino"

int main() {
  setup();
  if (Serial.out.size() < 30 || Serial.out[0] != 0 || Serial.out[2] != 0x01) return 1;
  Serial.out.clear();
  while (millis() < 8000) loop();
  if (Serial.out.size() < 100) return 2;
  puts("ok");
}
