// A 128-bit hash that tells files apart; it is no protection against forgery.
//
// Eight lanes of 64 bits start at odd multiples of the golden ratio. Word w of a 64-byte stripe enters
// lane w: lane = rotate(lane ^ word, 29) * K, with K odd, so that each step is a bijection of the lane and two
// blocks that differ in one word differ in that lane's end. The last stripe is padded with zeros; the
// number of bytes enters at the end. The result mixes all lanes twice, in opposite orders and with different
// multipliers, each step through the finaliser of SplitMix64.

#include "ck_scan.h"

#include <string.h>

enum { LANES = 8, STRIPE = 8 * LANES };

static const uint64_t GOLDEN = 0x9E3779B97F4A7C15;
static const uint64_t MULTIPLIER = 0xD1342543DE82EF95;

static uint64_t rotate(uint64_t value, int count) {
  return (value << count) | (value >> (64 - count));
}

static uint64_t finalise(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
  return value ^ (value >> 31);
}

static void absorb(uint64_t lanes[LANES], const uint8_t *stripe) {
  for (int lane = 0; lane < LANES; lane++) {
    uint64_t word;
    memcpy(&word, stripe + 8 * lane, sizeof word);
    lanes[lane] = rotate(lanes[lane] ^ word, 29) * MULTIPLIER;
  }
}

void ck_hash_block(const uint8_t *bytes, size_t count, uint64_t result[2]) {
  uint64_t lanes[LANES];
  for (int lane = 0; lane < LANES; lane++) {
    lanes[lane] = GOLDEN * (uint64_t)(2 * lane + 1);
  }
  size_t whole = count / STRIPE * STRIPE;
  for (size_t offset = 0; offset < whole; offset += STRIPE) {
    absorb(lanes, bytes + offset);
  }
  if (whole < count) {
    uint8_t last[STRIPE] = {0};
    memcpy(last, bytes + whole, count - whole);
    absorb(lanes, last);
  }
  uint64_t high = finalise((uint64_t)count + GOLDEN);
  uint64_t low = finalise((uint64_t)count ^ MULTIPLIER);
  for (int lane = 0; lane < LANES; lane++) {
    high = finalise(high * GOLDEN + lanes[lane]);
    low = finalise(low * MULTIPLIER ^ lanes[LANES - 1 - lane]);
  }
  result[0] = high;
  result[1] = low;
}
