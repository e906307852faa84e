#include "ck_scan.h"

#include <string.h>

#include "clones.h"

// A number is NaN or infinite if all bits of its exponent are set.

CK_CLONES
size_t ck_count_non_finite_16(const uint8_t *bytes, size_t count, uint16_t exponent_mask) {
  size_t total = 0;
  for (size_t i = 0; i < count; i++) {
    uint16_t bits;
    memcpy(&bits, bytes + 2 * i, sizeof bits);
    total += (bits & exponent_mask) == exponent_mask;
  }
  return total;
}

CK_CLONES
size_t ck_count_non_finite_f32(const uint8_t *bytes, size_t count) {
  const uint32_t mask = 0x7F800000;
  size_t total = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, bytes + 4 * i, sizeof bits);
    total += (bits & mask) == mask;
  }
  return total;
}

CK_CLONES
size_t ck_count_non_finite_f64(const uint8_t *bytes, size_t count) {
  const uint64_t mask = 0x7FF0000000000000;
  size_t total = 0;
  for (size_t i = 0; i < count; i++) {
    uint64_t bits;
    memcpy(&bits, bytes + 8 * i, sizeof bits);
    total += (bits & mask) == mask;
  }
  return total;
}
