#include "ck_merge_lines.h"
#include "merge_common.h"
#include "merge_philox.h"

#pragma clang fp contract(off)

/// One pass of a stable radix sort of (key << 32 | index) by `bits` bits of the key from `shift` on.
CK_INLINE void scatter(
    const uint64_t *restrict from, uint64_t *restrict to, const uint32_t *counts, unsigned shift,
    unsigned bits, uint32_t *restrict places, size_t count) {
  uint32_t place = 0;
  for (size_t bin = 0; bin < (size_t)1 << bits; bin++) {
    places[bin] = place;
    place += counts[bin];
  }
  uint64_t mask = ((uint64_t)1 << bits) - 1;
  for (size_t i = 0; i < count; i++) to[places[from[i] >> (32 + shift) & mask]++] = from[i];
}

/// Sorts short rows by insertion: no tables to clear.
CK_INLINE void insert_all(uint64_t *items, size_t count) {
  for (size_t i = 1; i < count; i++) {
    uint64_t item = items[i];
    size_t place = i;
    for (; place > 0 && items[place - 1] > item; place--) items[place] = items[place - 1];
    items[place] = item;
  }
}

void ck_merge_ranks(
    const float *magnitudes, size_t step, uint32_t *ranks, uint64_t *restrict scratch, size_t count) {
  enum { BITS = 8, BINS = 1 << BITS, PASSES = 4, SHORT = 48 };
  uint64_t *items = scratch, *others = scratch + count;
  for (size_t i = 0; i < count; i++) {
    items[i] = (uint64_t)magnitude_key(magnitudes[i * step]) << 32 | i;
  }
  if (count <= SHORT) {
    insert_all(items, count);
  } else {
    uint32_t counts[PASSES][BINS];
    memset(counts, 0, sizeof counts);
    for (size_t i = 0; i < count; i++) {
      uint32_t key = (uint32_t)(items[i] >> 32);
      for (unsigned pass = 0; pass < PASSES; pass++) counts[pass][key >> BITS * pass & (BINS - 1)]++;
    }
    uint32_t places[BINS];
    for (unsigned pass = 0; pass < PASSES; pass++) {
      // All keys alike in these bits: they stand in order already.
      uint32_t bin = (uint32_t)(items[0] >> 32) >> BITS * pass & (BINS - 1);
      if (counts[pass][bin] == count) continue;
      scatter(items, others, counts[pass], BITS * pass, BITS, places, count);
      uint64_t *swap = items;
      items = others;
      others = swap;
    }
  }
  for (size_t i = 0; i < count; i++) ranks[(size_t)(uint32_t)items[i] * step] = (uint32_t)i;
}

CK_CLONES
void ck_merge_ranked_mask(
    const float *restrict magnitudes, const uint32_t *restrict ranks, uint64_t key, uint64_t first,
    double low, double slope, uint64_t *restrict bits, uint64_t bit, double *restrict sums,
    size_t count) {
  uint32_t words[PHILOX_WORDS];
  double lanes[CK_MERGE_LANES] = {0}, all[CK_MERGE_LANES] = {0};
  FOR_EACH_PHILOX_BLOCK(key, first, count, words, begin, end, skip) {
    const uint32_t *word = words + skip;
    uint64_t kept[PHILOX_WORDS] = {0};
    double chosen[PHILOX_WORDS] = {0}, every[PHILOX_WORDS] = {0};
    size_t width = end - begin;
    for (size_t i = 0; i < width; i++) {
      double probability = low + slope * (double)ranks[begin + i];
      int is_kept = (double)word[i] * 0x1p-32 < probability;
      kept[i] = (uint64_t)is_kept << i;
      every[i] = (double)magnitudes[begin + i];
      chosen[i] = is_kept ? every[i] : 0.0;
    }
    uint64_t packed = 0;
    for (size_t i = 0; i < PHILOX_WORDS; i++) packed |= kept[i];
    for (size_t i = 0; i < PHILOX_WORDS; i += CK_MERGE_LANES) {
      for (size_t lane = 0; lane < CK_MERGE_LANES; lane++) {
        lanes[lane] += chosen[i + lane];
        all[lane] += every[i + lane];
      }
    }
    uint64_t place = bit + begin;
    bits[place / 64] |= packed << place % 64;
    if (place % 64 + width > 64) bits[place / 64 + 1] |= packed >> (64 - place % 64);
  }
  for (size_t lane = 0; lane < CK_MERGE_LANES; lane++) {
    sums[0] += lanes[lane];
    sums[1] += all[lane];
  }
}
