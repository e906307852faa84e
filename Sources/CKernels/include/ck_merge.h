#ifndef MERGEVOLVE_CK_MERGE_H
#define MERGEVOLVE_CK_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Merge arithmetic. Every function yields the same bits on every CPU: no fused multiply-add, no
// reassociation; sums run in an order that the source code fixes.
// A magnitude's key is the bit pattern of |x|, which orders like |x|.

// Element-wise combination ---------------------------------------------------------------------

/// sum[i] += weight * x[i].
void ck_merge_accumulate(float *restrict sum, const float *restrict x, float weight, size_t count);

/// values[i] /= divisor.
void ck_merge_divide(float *values, float divisor, size_t count);

/// values[i] *= factor.
void ck_merge_multiply(float *values, float factor, size_t count);

/// sum[i] = base[i] + lambda * sum[i].
void ck_merge_add_base(
    float *restrict sum, const float *restrict base, float lambda, size_t count);

// Task vectors, in place: x becomes the weighted delta from base --------------------------------

/// x[i] = ((x[i] - base[i]) * scale) * weight.
void ck_merge_delta(
    float *restrict x, const float *restrict base, float scale, float weight, size_t count);

/// As ck_merge_delta where the delta's key exceeds cut, or equals it at an index below ties; else 0.
void ck_merge_delta_above(
    float *restrict x, const float *restrict base, float scale, float weight, uint32_t cut,
    size_t ties, size_t count);

/// As ck_merge_delta where the element's random word is below threshold; else 0.
/// x[0] is element first of the tensor.
void ck_merge_delta_masked(
    float *restrict x, const float *restrict base, float scale, float weight, uint64_t key,
    uint64_t first, uint64_t threshold, size_t count);

/// Disjoint merge by sign election over `models` rows of weighted deltas, `stride` floats apart.
/// The elected sign is that of the row sum, + where it is zero; rows that agree are summed.
/// With `normalize` the sum is divided by the sum of the agreeing rows' weights, 1 where that is zero.
void ck_merge_elect(
    const float *restrict rows, size_t stride, size_t models, const float *restrict weights,
    bool normalize, float *restrict result, size_t count);

// Reductions -------------------------------------------------------------------------------------

enum {
  /// Independent partial sums of ck_merge_dot: element i goes to lane i mod CK_MERGE_LANES.
  CK_MERGE_LANES = 16,
  /// Bins by the upper 16 of a key's 31 bits.
  CK_MERGE_BINS = 65536,
  /// Values of a key's lower 15 bits.
  CK_MERGE_BIN_KEYS = 32768,
  /// Bins by the upper 12 bits of a random word.
  CK_MERGE_MASK_BINS = 4096,
};

/// lanes[i mod CK_MERGE_LANES] += a[i] * b[i] in double precision, in order of i.
void ck_merge_dot(
    const float *restrict a, const float *restrict b, double *restrict lanes, size_t count);

/// distances[i] = |x[i] - base[i]|.
void ck_merge_distance(
    const float *restrict x, const float *restrict base, float *restrict distances, size_t count);

/// Per bin of the keys of magnitudes: how many, and the sum of their lower 15 bits.
void ck_merge_count_bins(
    const float *restrict magnitudes, uint32_t *restrict counts, uint64_t *restrict low_sums,
    size_t count);

/// Of the magnitudes in one bin: how many have each value of the lower 15 bits.
void ck_merge_count_keys(
    const float *restrict magnitudes, uint32_t bin, uint32_t *restrict counts, size_t count);

/// Index of the occurrence number `occurrence` (from 0) of the key, or count if there are fewer;
/// *found becomes the number of occurrences before the returned index.
size_t ck_merge_find_key(
    const float *restrict magnitudes, uint32_t key, size_t occurrence, size_t *restrict found,
    size_t count);

/// sums[word >> 20] += magnitude, element by element in order; magnitudes[0] is element first.
void ck_merge_mask_sums(
    const float *restrict magnitudes, uint64_t key, uint64_t first, double *restrict sums,
    size_t count);

/// Sum of the magnitudes whose word lies in lower ..< upper, added to `sum` in order.
double ck_merge_mask_sum(
    const float *restrict magnitudes, uint64_t key, uint64_t first, uint64_t lower, uint64_t upper,
    double sum, size_t count);

/// words[i] = random word of element first + i.
void ck_merge_words(uint64_t key, uint64_t first, uint32_t *restrict words, size_t count);

/// bytes[i] = the upper eight bits of the random word of element first + i.
void ck_merge_leading_bytes(uint64_t key, uint64_t first, uint8_t *restrict bytes, size_t count);

#endif
