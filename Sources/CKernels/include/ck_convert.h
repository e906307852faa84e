#ifndef MERGEVOLVE_CK_CONVERT_H
#define MERGEVOLVE_CK_CONVERT_H

#include <stddef.h>

// Conversions between single precision and the 16-bit formats, little-endian, at any alignment.
// Widening is exact; narrowing rounds to nearest, ties to even. NaN stays NaN.

void ck_widen_bf16(const void *restrict source, float *restrict destination, size_t count);
void ck_widen_f16(const void *restrict source, float *restrict destination, size_t count);

void ck_narrow_bf16(const float *restrict source, void *restrict destination, size_t count);
/// Values beyond 65,519 become infinite.
void ck_narrow_f16(const float *restrict source, void *restrict destination, size_t count);

/// Rounds in place to values that bfloat16 holds.
void ck_round_bf16(float *values, size_t count);
/// Rounds in place to values that half precision holds.
void ck_round_f16(float *values, size_t count);

#endif
