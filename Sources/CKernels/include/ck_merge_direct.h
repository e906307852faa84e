#ifndef MERGEVOLVE_CK_MERGE_DIRECT_H
#define MERGEVOLVE_CK_MERGE_DIRECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Whole merges of stored elements in one pass: every input is read once, the arithmetic happens in
// registers, the result is stored once. Bit for bit what the functions of ck_merge.h yield one after
// the other, on every CPU.

/// How elements are stored, little-endian, at any alignment.
enum ck_stored { CK_STORED_F32, CK_STORED_F16, CK_STORED_BF16 };

/// What becomes of a result.
enum ck_result {
  CK_RESULT_F32,
  CK_RESULT_F16,
  CK_RESULT_BF16,
  /// Single precision, rounded to a value that the other format holds.
  CK_RESULT_F32_OF_F16,
  CK_RESULT_F32_OF_BF16,
};

struct ck_merge_target {
  void *values;
  enum ck_result kind;
  /// Past the caches, for results that nobody needs soon.
  bool streaming;
};

/// target = (sum over inputs of weight * x, from 0, in order) / divisor; no division by 1.
void ck_merge_direct_sum(
    const void *const *inputs, enum ck_stored stored, const float *weights, size_t count_inputs,
    float divisor, const struct ck_merge_target *target, size_t count);

/// target = x, or x * factor where `scaled`.
void ck_merge_direct_copy(
    const void *input, enum ck_stored stored, bool scaled, float factor,
    const struct ck_merge_target *target, size_t count);

/// Which elements of a task vector survive; the others are 0.
enum ck_survivors {
  CK_KEEP_ALL,
  CK_KEEP_MAGNITUDES,
  CK_KEEP_BAND,
  CK_KEEP_MASKED,
  CK_KEEP_LISTED
};

/// One weighted task vector: ((x - base) * scale) * weight for the survivors.
struct ck_merge_term {
  const void *values;
  float scale;
  float weight;
  enum ck_survivors survivors;
  /// Magnitudes: keys above are kept, and equal ones at an index below `ties`.
  uint32_t cut;
  size_t ties;
  /// Band: of those, keys below `high` are kept, and equal ones from index `high_ties` on.
  uint32_t high;
  size_t high_ties;
  /// Masked: Philox key, and the first word to drop, at most 2^32.
  uint64_t key;
  uint64_t threshold;
  /// Masked: the upper eight bits of every element's word, where they are at hand; else null.
  const uint8_t *leading;
  /// Listed: bit e % 64 of word e / 64 belongs to element e of the tensor.
  const uint64_t *bits;
};

enum {
  /// Most terms of ck_merge_direct_task_vectors.
  CK_MERGE_TERMS = 16
};

/// How weighted task vectors are put together.
struct ck_task_vector_sum {
  /// Sign election as in ck_merge_elect, with `normalize`; else the plain sum / divisor.
  bool elects;
  bool normalize;
  float divisor;
  float lambda;
};

/// target = base + lambda * combined terms; values[0] of every input is element `first` of the tensor.
void ck_merge_direct_task_vectors(
    const void *base, enum ck_stored stored, const struct ck_merge_term *terms, size_t count_terms,
    const struct ck_task_vector_sum *sum, uint64_t first, const struct ck_merge_target *target,
    size_t count);

/// target = base + the mean, by `shares`, of the differences that have the elected sign, where the
/// variance of the differences has a key above cut, or equal to it at an index below ties; else the base.
/// Cut 0 selects all. At most CK_MERGE_TERMS models.
void ck_merge_direct_sce(
    const void *base, const void *const *inputs, enum ck_stored stored, const float *shares,
    size_t models, uint32_t cut, size_t ties, const struct ck_merge_target *target, size_t count);

#endif
