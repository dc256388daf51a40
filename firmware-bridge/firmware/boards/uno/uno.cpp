#include "uno.h"

#include <avr/boot.h>
#include <avr/eeprom.h>
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/wdt.h>
#include <util/delay.h>

// Called only if a class without a body for one of its functions were built: there is none.
extern "C" void __cxa_pure_virtual() { wdt_enable(WDTO_15MS); for (;;) {} }

namespace vigie {

Quiet::Quiet() : before_(SREG) { cli(); }
Quiet::~Quiet() { SREG = before_; }

}  // namespace vigie

namespace uno {

namespace {

template <uint8_t kSize>  // a power of two
struct Queue {
  volatile uint8_t head;
  volatile uint8_t tail;
  uint8_t bytes[kSize];
  bool empty() const { return head == tail; }
  bool full() const { return static_cast<uint8_t>(head - tail) == kSize; }
  void put(uint8_t byte) {
    bytes[head & (kSize - 1)] = byte;
    head++;
  }
  uint8_t take() {
    const uint8_t byte = bytes[tail & (kSize - 1)];
    tail++;
    return byte;
  }
};

Queue<64> incoming;
// Holds a piece of a burst and some answers: while the wire has not taken those, nobody would empty the accelerometer.
Queue<128> outgoing;
volatile uint32_t ticks;
uint8_t cause_flags __attribute__((section(".noinit")));

// Before anything else: the watchdog stays on after it has bitten, and would bite again.
void keep_cause() __attribute__((naked, used, section(".init3")));
void keep_cause() {
  cause_flags = MCUSR;
  MCUSR = 0;
  wdt_disable();
}

}  // namespace

ISR(TIMER0_COMPA_vect) {
  ticks++;
  ADCSRA |= _BV(ADSC);
}

ISR(USART_RX_vect) {
  const uint8_t byte = UDR0;
  if (!incoming.full()) incoming.put(byte);
}

ISR(USART_UDRE_vect) {
  if (outgoing.empty()) UCSR0B &= static_cast<uint8_t>(~_BV(UDRIE0));
  else UDR0 = outgoing.take();
}

ISR(ADC_vect) { on_adc(ADC); }

static uint32_t micros_now() {
  vigie::Quiet quiet;
  uint8_t count = TCNT0;
  uint32_t ms = ticks;
  // The tick may be due and not yet counted.
  if (TIFR0 & _BV(OCF0A)) {
    count = TCNT0;
    ms++;
  }
  return ms * 1000 + count * 4U;
}

ISR(INT0_vect) { on_pulse(micros_now()); }
ISR(INT1_vect) { on_hall(micros_now()); }

void UnoPort::open() {
  TCCR0A = _BV(WGM01);
  TCCR0B = _BV(CS01) | _BV(CS00);
  OCR0A = 249;  // 16 MHz / 64 / 250 = 1 kHz
  TIMSK0 = _BV(OCIE0A);
  UCSR0A = _BV(U2X0);
  UBRR0 = 16;  // 115200 at double speed, 2.1 % fast
  UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
  UCSR0B = _BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0);
}

uint32_t UnoPort::millis() {
  vigie::Quiet quiet;
  return ticks;
}

uint32_t UnoPort::micros() { return micros_now(); }

void UnoPort::write(uint8_t byte) {
  while (outgoing.full()) {}
  vigie::Quiet quiet;
  outgoing.put(byte);
  UCSR0B |= _BV(UDRIE0);
}

bool UnoPort::read(uint8_t& byte) {
  if (incoming.empty()) return false;
  byte = incoming.take();
  return true;
}

void UnoPort::load(void* to, uint8_t length) { eeprom_read_block(to, nullptr, length); }

// Writes only the bytes that differ: 3.4 ms each, and each cell stands 100,000 of them.
bool UnoPort::store(const void* from, uint8_t length) {
  const uint8_t* bytes = static_cast<const uint8_t*>(from);
  for (uint8_t i = 0; i < length; i++) {
    wdt_reset();
    uint8_t* const place = reinterpret_cast<uint8_t*>(static_cast<uintptr_t>(i));
    eeprom_update_byte(place, bytes[i]);
    if (eeprom_read_byte(place) != bytes[i]) return false;
  }
  return true;
}

void UnoPort::restart() {
  wdt_enable(WDTO_15MS);
  for (;;) {}
}

// The lot, wafer and place on it, which the data sheet does not promise but every chip has.
uint16_t UnoPort::serial_number() {
  uint16_t crc = 0xffff;
  for (uint8_t at = 0x0e; at <= 0x17; at++) crc = vigie::crc16(crc, boot_signature_byte_get(at));
  return crc;
}

vigie::ResetCause reset_cause() {
  if (cause_flags & _BV(WDRF)) return vigie::kWatchdog;
  if (cause_flags & _BV(PORF)) return vigie::kPowerOn;
  if (cause_flags & _BV(BORF)) return vigie::kBrownOut;
  if (cause_flags & _BV(EXTRF)) return vigie::kResetPin;
  return vigie::kResetUnknown;
}

void open_inputs() {
  PORTD |= _BV(PD2) | _BV(PD3);           // pull-ups for open collectors
  EICRA = _BV(ISC01) | _BV(ISC11);        // falling edges
  EIMSK = _BV(INT0) | _BV(INT1);
  ADMUX = _BV(REFS0);                     // A0 against 5 V
  ADCSRA = _BV(ADEN) | _BV(ADIE) | _BV(ADPS2) | _BV(ADPS1) | _BV(ADPS0);
}

bool UnoOneWire::reset() {
  DDRD |= _BV(PD4);
  _delay_us(480);
  bool there;
  {
    vigie::Quiet quiet;
    DDRD &= static_cast<uint8_t>(~_BV(PD4));
    _delay_us(70);
    there = !(PIND & _BV(PD4));
  }
  _delay_us(410);
  return there;
}

// One bit either way: to read is to write a one and to look.
uint8_t UnoOneWire::slot(bool one) {
  vigie::Quiet quiet;
  DDRD |= _BV(PD4);
  if (one) {
    _delay_us(3);
    DDRD &= static_cast<uint8_t>(~_BV(PD4));
    _delay_us(9);
    const uint8_t bit = PIND & _BV(PD4) ? 0x80 : 0;
    _delay_us(53);
    return bit;
  }
  _delay_us(62);
  DDRD &= static_cast<uint8_t>(~_BV(PD4));
  _delay_us(3);
  return 0;
}

void UnoOneWire::write(uint8_t byte) {
  for (uint8_t i = 0; i < 8; i++, byte = static_cast<uint8_t>(byte >> 1)) slot(byte & 1);
}

uint8_t UnoOneWire::read() {
  uint8_t byte = 0;
  for (uint8_t i = 0; i < 8; i++) byte = static_cast<uint8_t>(byte >> 1 | slot(true));
  return byte;
}

void UnoI2c::open() {
  PORTC |= _BV(PC4) | _BV(PC5);
  TWBR = 12;  // 400 kHz
}

// One step of the bus; true when the slave has acknowledged. A slave that holds the clock must not stop the node.
bool UnoI2c::step(uint8_t control) {
  TWCR = static_cast<uint8_t>(control | _BV(TWINT) | _BV(TWEN));
  _delay_us(20);  // a byte takes 22 µs; simavr does not show TWINT as low before that
  for (uint8_t patience = 255; !(TWCR & _BV(TWINT)); patience--) {
    if (patience == 0) return false;
    _delay_us(1);
  }
  switch (TWSR & 0xf8) {
    case 0x18:  // address for writing
    case 0x28:  // byte written
    case 0x40:  // address for reading
    case 0x50:  // byte read, more to come
    case 0x58:  // last byte read
      return true;
  }
  return false;
}

bool UnoI2c::begin(uint8_t address_and_direction) {
  step(_BV(TWSTA));
  TWDR = address_and_direction;
  return step(0);
}

bool UnoI2c::end(bool good) {
  TWCR = static_cast<uint8_t>(_BV(TWINT) | _BV(TWEN) | _BV(TWSTO));
  return good;
}

bool UnoI2c::write(uint8_t address, const uint8_t* bytes, uint8_t length) {
  bool good = begin(static_cast<uint8_t>(address << 1));
  for (; good && length > 0; length--) {
    TWDR = *bytes++;
    good = step(0);
  }
  return end(good);
}

bool UnoI2c::read(uint8_t address, uint8_t reg, uint8_t* bytes, uint8_t length) {
  bool good = begin(static_cast<uint8_t>(address << 1));
  if (good) {
    TWDR = reg;
    good = step(0);
  }
  good = good && begin(static_cast<uint8_t>(address << 1 | 1));
  for (; good && length > 0; length--) {
    good = step(length > 1 ? _BV(TWEA) : 0);
    *bytes++ = TWDR;
  }
  return end(good);
}

void UnoSpi::open() {
  PORTB |= _BV(PB2);
  DDRB |= _BV(PB2) | _BV(PB3) | _BV(PB5);
  SPCR = _BV(SPE) | _BV(MSTR) | _BV(CPOL) | _BV(CPHA);  // mode 3, 4 MHz
}

void UnoSpi::select(bool on) {
  if (on) PORTB &= static_cast<uint8_t>(~_BV(PB2));
  else PORTB |= _BV(PB2);
}

uint8_t UnoSpi::exchange(uint8_t byte) {
  SPDR = byte;
  while (!(SPSR & _BV(SPIF))) {}
  return SPDR;
}

}  // namespace uno
