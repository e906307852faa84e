#include "ck_merge_relative.h"

#include "merge_common.h"

#pragma clang fp contract(off)

enum { BLOCK = 128 };

CK_INLINE size_t width_of(size_t start, size_t count) {
  return count - start < BLOCK ? count - start : BLOCK;
}

CK_CLONES
void ck_merge_delta_bits(
    float *restrict x, const float *restrict base, float scale, float weight,
    const uint64_t *restrict bits, uint64_t bit, size_t count) {
  for (size_t start = 0; start < count; start += 64) {
    size_t width = count - start < 64 ? count - start : 64;
    uint64_t place = bit + start;
    uint64_t word = bits[place / 64] >> place % 64;
    if (place % 64 + width > 64) word |= bits[place / 64 + 1] << (64 - place % 64);
    uint32_t low = (uint32_t)word, high = (uint32_t)(word >> 32);
    float *own = x + start;
    const float *other = base + start;
    for (size_t i = 0; i < width; i++) {
      float kept = ((own[i] - other[i]) * scale) * weight;
      uint32_t half = i < 32 ? low : high;
      own[i] = half >> (i & 31) & 1 ? kept : 0.0f;
    }
  }
}

/// The part of [0, count) in which `low_first` and `high_first` are constant.
CK_INLINE void delta_between(
    float *restrict x, const float *restrict base, float scale, float weight, uint32_t low,
    uint32_t high, size_t begin, size_t end) {
  // Kept: low <= key <= high, both inclusive by now; an empty band has low > high.
  uint32_t width = high - low;
  for (size_t i = begin; i < end; i++) {
    float delta = x[i] - base[i];
    float kept = (delta * scale) * weight;
    x[i] = magnitude_key(delta) - low <= width ? kept : 0.0f;
  }
}

CK_CLONES
void ck_merge_delta_between(
    float *restrict x, const float *restrict base, float scale, float weight, uint32_t low,
    size_t low_ties, uint32_t high, size_t high_ties, size_t count) {
  size_t begin = 0;
  while (begin < count) {
    size_t end = count;
    if (low_ties > begin && low_ties < end) end = low_ties;
    if (high_ties > begin && high_ties < end) end = high_ties;
    // Before low_ties equality with `low` is enough, from high_ties on equality with `high`.
    uint32_t least = begin < low_ties ? low : low + 1;
    int keeps_high = begin >= high_ties;
    if (least > high || (!keeps_high && least == high)) {
      for (size_t i = begin; i < end; i++) x[i] = 0.0f;
    } else {
      delta_between(x, base, scale, weight, least, keeps_high ? high : high - 1, begin, end);
    }
    begin = end;
  }
}

CK_INLINE void variances_of(
    const float *const *rows, size_t offset, size_t models, const float *base,
    float *restrict variances, size_t width) {
  double means[BLOCK], squares[BLOCK];
  for (size_t i = 0; i < width; i++) means[i] = squares[i] = 0;
  for (size_t model = 0; model < models; model++) {
    const float *row = rows[model] + offset;
    for (size_t i = 0; i < width; i++) means[i] += (double)(row[i] - base[i]);
  }
  double share = (double)models;
  for (size_t i = 0; i < width; i++) means[i] /= share;
  for (size_t model = 0; model < models; model++) {
    const float *row = rows[model] + offset;
    for (size_t i = 0; i < width; i++) {
      double difference = (double)(row[i] - base[i]) - means[i];
      squares[i] += difference * difference;
    }
  }
  // The mean of equal differences is exact (24 bits times a small number), so they have no variance.
  for (size_t i = 0; i < width; i++) variances[i] = (float)(squares[i] / share);
}

CK_CLONES
void ck_merge_variance(
    const float *const *rows, size_t models, const float *restrict base, float *restrict variances,
    size_t count) {
  for (size_t start = 0; start < count; start += BLOCK) {
    variances_of(
        rows, start, models, base + start, variances + start, width_of(start, count));
  }
}

void ck_merge_square_bins(
    const float *const *rows, size_t models, const float *restrict base,
    const float *restrict variances, double *restrict sums, size_t count) {
  for (size_t i = 0; i < count; i++) {
    double *own = sums + magnitude_key(variances[i]) / CK_MERGE_BIN_KEYS * models;
    for (size_t model = 0; model < models; model++) {
      double delta = (double)(rows[model][i] - base[i]);
      own[model] += delta * delta;
    }
  }
}

void ck_merge_square_sums(
    const float *const *rows, size_t models, const float *restrict base,
    const float *restrict variances, uint32_t bin, uint32_t cut, size_t ties, double *restrict sums,
    size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t key = magnitude_key(variances[i]);
    if (key / CK_MERGE_BIN_KEYS != bin || key < cut || (key == cut && i >= ties)) continue;
    for (size_t model = 0; model < models; model++) {
      double delta = (double)(rows[model][i] - base[i]);
      sums[model] += delta * delta;
    }
  }
}

CK_CLONES
void ck_merge_sce(
    const float *const *rows, size_t models, const float *restrict base,
    const float *restrict shares, uint32_t cut, size_t ties, float *restrict result, size_t count) {
  float variances[BLOCK], votes[BLOCK], sums[BLOCK], divisors[BLOCK];
  for (size_t start = 0; start < count; start += BLOCK) {
    size_t width = width_of(start, count);
    const float *own = base + start;
    // Key 0 keeps all, equal ones included.
    if (cut != 0) {
      variances_of(rows, start, models, own, variances, width);
    } else {
      for (size_t i = 0; i < width; i++) variances[i] = 1.0f;
    }
    for (size_t i = 0; i < width; i++) votes[i] = sums[i] = divisors[i] = 0.0f;
    for (size_t model = 0; model < models; model++) {
      const float *row = rows[model] + start;
      for (size_t i = 0; i < width; i++) votes[i] += row[i] - own[i];
    }
    for (size_t model = 0; model < models; model++) {
      const float *row = rows[model] + start;
      float share = shares[model];
      for (size_t i = 0; i < width; i++) {
        float delta = row[i] - own[i];
        int agrees = (votes[i] >= 0.0f) ? (delta > 0.0f) : (delta < 0.0f);
        sums[i] += agrees ? share * delta : 0.0f;
        divisors[i] += agrees ? share : 0.0f;
      }
    }
    size_t tied = ties > start ? ties - start : 0;
    for (size_t i = 0; i < width; i++) {
      uint32_t key = magnitude_key(variances[i]);
      uint32_t least = i < tied ? cut : cut + 1;
      float divisor = divisors[i] > 1e-6f ? divisors[i] : 1e-6f;
      float merged = own[i] + sums[i] / divisor;
      result[start + i] = key >= least ? merged : own[i];
    }
  }
}

CK_CLONES
void ck_merge_nearswap(
    const float *restrict base, const float *restrict x, float t, float *restrict result,
    size_t count) {
  for (size_t i = 0; i < count; i++) {
    float distance = __builtin_fabsf(base[i] - x[i]);
    float share = t / (distance > 1e-6f ? distance : 1e-6f);
    share = share > 0.0f ? share : 0.0f;
    share = share < 1.0f ? share : 1.0f;
    result[i] = share * x[i] + (1.0f - share) * base[i];
  }
}

CK_CLONES
void ck_merge_importance(
    const float *restrict x, const float *restrict base, const double *restrict factors,
    size_t offset, size_t length, float *restrict importances, size_t count) {
  size_t row = 0;
  for (size_t i = 0; i < count; row++, offset = 0) {
    size_t width = length - offset < count - i ? length - offset : count - i;
    double factor = factors[row];
    for (size_t j = i; j < i + width; j++) {
      importances[j] = (float)((double)__builtin_fabsf(x[j] - base[j]) * factor);
    }
    i += width;
  }
}

CK_CLONES
void ck_merge_choose(
    const float *restrict x, const float *restrict base, const float *restrict importances,
    double threshold, float *restrict result, size_t count) {
  for (size_t i = 0; i < count; i++) {
    result[i] = (double)importances[i] >= threshold ? x[i] : base[i];
  }
}

CK_CLONES
void ck_merge_overlaps(
    const float *const *rows, size_t models, const float *restrict base, float epsilon,
    uint64_t *restrict shared, uint64_t *restrict unique, size_t count) {
  int32_t active[BLOCK];
  for (size_t start = 0; start < count; start += BLOCK) {
    size_t width = width_of(start, count);
    const float *own = base + start;
    for (size_t i = 0; i < width; i++) active[i] = 0;
    for (size_t model = 0; model < models; model++) {
      const float *row = rows[model] + start;
      for (size_t i = 0; i < width; i++) active[i] += __builtin_fabsf(row[i] - own[i]) > epsilon;
    }
    for (size_t model = 0; model < models; model++) {
      const float *row = rows[model] + start;
      int32_t alone = 0, together = 0;
      for (size_t i = 0; i < width; i++) {
        int32_t is_active = __builtin_fabsf(row[i] - own[i]) > epsilon;
        alone += is_active & (active[i] == 1);
        together += is_active & (active[i] > 1);
      }
      unique[model] += (uint64_t)alone;
      shared[model] += (uint64_t)together;
    }
  }
}

CK_CLONES
void ck_merge_ram(
    const float *const *rows, size_t models, const float *restrict base,
    float epsilon, const float *restrict factors, float *restrict result, size_t count) {
  float active[BLOCK], sums[BLOCK], scaled[BLOCK];
  for (size_t start = 0; start < count; start += BLOCK) {
    size_t width = width_of(start, count);
    const float *own = base + start;
    for (size_t i = 0; i < width; i++) active[i] = sums[i] = scaled[i] = 0.0f;
    for (size_t model = 0; model < models; model++) {
      const float *row = rows[model] + start;
      float factor = factors[model];
      for (size_t i = 0; i < width; i++) {
        float delta = row[i] - own[i];
        int is_active = __builtin_fabsf(delta) > epsilon;
        active[i] += is_active ? 1.0f : 0.0f;
        sums[i] += is_active ? delta : 0.0f;
        scaled[i] += is_active ? factor * delta : 0.0f;
      }
    }
    for (size_t i = 0; i < width; i++) {
      float change = active[i] > 1.0f ? sums[i] / active[i] : scaled[i];
      result[start + i] = own[i] + change;
    }
  }
}
