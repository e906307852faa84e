#include "merge_common.h"
#include "merge_philox.h"

#pragma clang fp contract(off)

CK_CLONES
void ck_merge_dot(
    const float *restrict a, const float *restrict b, double *restrict lanes, size_t count) {
  double sums[CK_MERGE_LANES];
  for (int lane = 0; lane < CK_MERGE_LANES; lane++) sums[lane] = lanes[lane];
  size_t whole = count - count % CK_MERGE_LANES;
  for (size_t i = 0; i < whole; i += CK_MERGE_LANES) {
    for (int lane = 0; lane < CK_MERGE_LANES; lane++) {
      sums[lane] += (double)a[i + (size_t)lane] * (double)b[i + (size_t)lane];
    }
  }
  for (size_t i = whole; i < count; i++) sums[i - whole] += (double)a[i] * (double)b[i];
  for (int lane = 0; lane < CK_MERGE_LANES; lane++) lanes[lane] = sums[lane];
}

CK_CLONES
void ck_merge_distance(
    const float *restrict x, const float *restrict base, float *restrict distances, size_t count) {
  for (size_t i = 0; i < count; i++) distances[i] = __builtin_fabsf(x[i] - base[i]);
}

void ck_merge_count_bins(
    const float *restrict magnitudes, uint32_t *restrict counts, uint64_t *restrict low_sums,
    size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t key = magnitude_key(magnitudes[i]);
    uint32_t bin = key / CK_MERGE_BIN_KEYS;
    counts[bin]++;
    low_sums[bin] += key % CK_MERGE_BIN_KEYS;
  }
}

CK_CLONES
void ck_merge_count_keys(
    const float *restrict magnitudes, uint32_t bin, uint32_t *restrict counts, size_t count) {
  enum { BLOCK = 64 };
  // Most blocks hold no magnitude of the bin: find that out without a branch per element.
  size_t start = 0;
  for (; start + BLOCK <= count; start += BLOCK) {
    uint32_t hits = 0;
    for (size_t i = start; i < start + BLOCK; i++) {
      hits |= magnitude_key(magnitudes[i]) / CK_MERGE_BIN_KEYS == bin;
    }
    if (hits == 0) continue;
    for (size_t i = start; i < start + BLOCK; i++) {
      uint32_t key = magnitude_key(magnitudes[i]);
      if (key / CK_MERGE_BIN_KEYS == bin) counts[key % CK_MERGE_BIN_KEYS]++;
    }
  }
  for (; start < count; start++) {
    uint32_t key = magnitude_key(magnitudes[start]);
    if (key / CK_MERGE_BIN_KEYS == bin) counts[key % CK_MERGE_BIN_KEYS]++;
  }
}

size_t ck_merge_find_key(
    const float *restrict magnitudes, uint32_t key, size_t occurrence, size_t *restrict found,
    size_t count) {
  size_t seen = 0;
  for (size_t i = 0; i < count; i++) {
    if (magnitude_key(magnitudes[i]) != key) continue;
    if (seen == occurrence) {
      *found = seen;
      return i;
    }
    seen++;
  }
  *found = seen;
  return count;
}

CK_CLONES
void ck_merge_mask_sums(
    const float *restrict magnitudes, uint64_t key, uint64_t first, double *restrict sums,
    size_t count) {
  uint32_t words[PHILOX_WORDS];
  FOR_EACH_PHILOX_BLOCK(key, first, count, words, begin, end, skip) {
    const uint32_t *word = words + skip;
    for (size_t i = begin; i < end; i++) sums[word[i - begin] >> 20] += (double)magnitudes[i];
  }
}

CK_CLONES
double ck_merge_mask_sum(
    const float *restrict magnitudes, uint64_t key, uint64_t first, uint64_t lower, uint64_t upper,
    double sum, size_t count) {
  uint32_t words[PHILOX_WORDS];
  uint64_t width = upper - lower;
  FOR_EACH_PHILOX_BLOCK(key, first, count, words, begin, end, skip) {
    const uint32_t *word = words + skip;
    uint32_t hits = 0;
    for (size_t i = 0; i < end - begin; i++) hits |= (uint64_t)word[i] - lower < width;
    if (hits == 0) continue;
    for (size_t i = begin; i < end; i++) {
      if ((uint64_t)word[i - begin] - lower < width) sum += (double)magnitudes[i];
    }
  }
  return sum;
}
