/*
 * An independent Modbus slave for the tests: libmodbus, not our own code.
 *   slave tcp            listens on a free port of 127.0.0.1 and prints it
 *   slave rtu DEVICE UNIT
 * Input register i holds i, holding register i holds 65535 - i, coil and discrete input i are 1 where i is a multiple of 3.
 * Registers from 2000 on do not exist.
 */
#include <arpa/inet.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

enum { SIZE = 2000 };

static void serve_tcp(modbus_t *context, int listener, modbus_mapping_t *map) {
  uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
  fd_set known;
  int highest = listener;
  FD_ZERO(&known);
  FD_SET(listener, &known);
  for (;;) {
    fd_set ready = known;
    if (select(highest + 1, &ready, NULL, NULL, NULL) < 0) exit(1);
    for (int fd = 0; fd <= highest; fd++) {
      if (!FD_ISSET(fd, &ready)) continue;
      if (fd == listener) {
        int client = accept(listener, NULL, NULL);
        FD_SET(client, &known);
        if (client > highest) highest = client;
        continue;
      }
      modbus_set_socket(context, fd);
      int length = modbus_receive(context, query);
      if (length > 0) modbus_reply(context, query, length, map);
      else if (length < 0) { close(fd); FD_CLR(fd, &known); }
    }
  }
}

int main(int count, char **arguments) {
  modbus_mapping_t *map = modbus_mapping_new(SIZE, SIZE, SIZE, SIZE);
  for (int i = 0; i < SIZE; i++) {
    map->tab_input_registers[i] = i;
    map->tab_registers[i] = 65535 - i;
    map->tab_bits[i] = map->tab_input_bits[i] = i % 3 == 0;
  }
  if (count == 2 && strcmp(arguments[1], "tcp") == 0) {
    modbus_t *context = modbus_new_tcp("127.0.0.1", 0);
    int listener = modbus_tcp_listen(context, 20);
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    getsockname(listener, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    serve_tcp(context, listener, map);
  }
  if (count < 4) return 2;
  modbus_t *context = modbus_new_rtu(arguments[2], 115200, 'N', 8, 1);
  modbus_set_slave(context, atoi(arguments[3]));
  if (modbus_connect(context) < 0) return 1;
  printf("ready\n");
  fflush(stdout);
  for (;;) {
    uint8_t query[MODBUS_RTU_MAX_ADU_LENGTH];
    int length = modbus_receive(context, query);
    if (length > 0) modbus_reply(context, query, length, map);
  }
}
