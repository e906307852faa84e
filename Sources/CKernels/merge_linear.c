#include "merge_common.h"

#pragma clang fp contract(off)

CK_CLONES
void ck_merge_accumulate(float *restrict sum, const float *restrict x, float weight, size_t count) {
  for (size_t i = 0; i < count; i++) sum[i] += weight * x[i];
}

CK_CLONES
void ck_merge_divide(float *values, float divisor, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] /= divisor;
}

CK_CLONES
void ck_merge_multiply(float *values, float factor, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] *= factor;
}

CK_CLONES
void ck_merge_add_base(
    float *restrict sum, const float *restrict base, float lambda, size_t count) {
  for (size_t i = 0; i < count; i++) sum[i] = base[i] + lambda * sum[i];
}
