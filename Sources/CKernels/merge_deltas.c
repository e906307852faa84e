#include "merge_common.h"
#include "merge_philox.h"

#pragma clang fp contract(off)

CK_CLONES
void ck_merge_delta(
    float *restrict x, const float *restrict base, float scale, float weight, size_t count) {
  for (size_t i = 0; i < count; i++) x[i] = ((x[i] - base[i]) * scale) * weight;
}

CK_CLONES
void ck_merge_delta_above(
    float *restrict x, const float *restrict base, float scale, float weight, uint32_t cut,
    size_t ties, size_t count) {
  // From index `ties` on, a magnitude must exceed the cut; before it, equality is enough.
  size_t tied = ties < count ? ties : count;
  for (size_t i = 0; i < tied; i++) {
    float delta = x[i] - base[i];
    float kept = (delta * scale) * weight;
    x[i] = magnitude_key(delta) >= cut ? kept : 0.0f;
  }
  for (size_t i = tied; i < count; i++) {
    float delta = x[i] - base[i];
    float kept = (delta * scale) * weight;
    x[i] = magnitude_key(delta) > cut ? kept : 0.0f;
  }
}

CK_CLONES
void ck_merge_delta_masked(
    float *restrict x, const float *restrict base, float scale, float weight, uint64_t key,
    uint64_t first, uint64_t threshold, size_t count) {
  uint32_t words[PHILOX_WORDS];
  if (threshold == 0) {
    for (size_t i = 0; i < count; i++) x[i] = 0.0f;
    return;
  }
  uint32_t last = (uint32_t)(threshold - 1);
  FOR_EACH_PHILOX_BLOCK(key, first, count, words, begin, end, skip) {
    const uint32_t *word = words + skip;
    for (size_t i = begin; i < end; i++) {
      float kept = ((x[i] - base[i]) * scale) * weight;
      x[i] = word[i - begin] <= last ? kept : 0.0f;
    }
  }
}

CK_CLONES
void ck_merge_elect(
    const float *restrict rows, size_t stride, size_t models, const float *restrict weights,
    bool normalize, float *restrict result, size_t count) {
  enum { BLOCK = 128 };
  float votes[BLOCK], sums[BLOCK], divisors[BLOCK];
  for (size_t start = 0; start < count; start += BLOCK) {
    size_t width = count - start < BLOCK ? count - start : BLOCK;
    for (size_t i = 0; i < width; i++) votes[i] = sums[i] = divisors[i] = 0.0f;
    for (size_t model = 0; model < models; model++) {
      const float *row = rows + model * stride + start;
      for (size_t i = 0; i < width; i++) votes[i] += row[i];
    }
    for (size_t model = 0; model < models; model++) {
      const float *row = rows + model * stride + start;
      float weight = weights[model];
      for (size_t i = 0; i < width; i++) {
        float delta = row[i];
        int agrees = (votes[i] >= 0.0f) ? (delta > 0.0f) : (delta < 0.0f);
        sums[i] += agrees ? delta : 0.0f;
        divisors[i] += agrees ? weight : 0.0f;
      }
    }
    if (normalize) {
      for (size_t i = 0; i < width; i++) {
        float divisor = divisors[i] == 0.0f ? 1.0f : divisors[i];
        result[start + i] = sums[i] / divisor;
      }
    } else {
      for (size_t i = 0; i < width; i++) result[start + i] = sums[i];
    }
  }
}
