#include "merge_direct.h"

#include "cpu_level.h"

#define CALL(name, ...) CK_CALL_FOR_LEVEL(name, __VA_ARGS__)

void ck_merge_direct_sum(
    const void *const *inputs, enum ck_stored stored, const float *weights, size_t terms,
    float divisor, const struct ck_merge_target *target, size_t count) {
  CALL(ck_merge_direct_sum, inputs, stored, weights, terms, divisor, target, count);
}

void ck_merge_direct_copy(
    const void *input, enum ck_stored stored, bool scaled, float factor,
    const struct ck_merge_target *target, size_t count) {
  CALL(ck_merge_direct_copy, input, stored, scaled, factor, target, count);
}

void ck_merge_direct_task_vectors(
    const void *base, enum ck_stored stored, const struct ck_merge_term *terms, size_t count_terms,
    const struct ck_task_vector_sum *sum, uint64_t first, const struct ck_merge_target *target,
    size_t count) {
  CALL(ck_merge_direct_task_vectors, base, stored, terms, count_terms, sum, first, target, count);
}

void ck_merge_direct_sce(
    const void *base, const void *const *inputs, enum ck_stored stored, const float *shares,
    size_t models, uint32_t cut, size_t ties, const struct ck_merge_target *target, size_t count) {
  CALL(ck_merge_direct_sce, base, inputs, stored, shares, models, cut, ties, target, count);
}

void ck_merge_words(uint64_t key, uint64_t first, uint32_t *restrict words, size_t count) {
  CALL(ck_merge_words, key, first, words, count);
}

void ck_merge_leading_bytes(uint64_t key, uint64_t first, uint8_t *restrict bytes, size_t count) {
  CALL(ck_merge_leading_bytes, key, first, bytes, count);
}
