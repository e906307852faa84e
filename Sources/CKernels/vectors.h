#ifndef MERGEVOLVE_VECTORS_H
#define MERGEVOLVE_VECTORS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

// Sixteen lanes, whatever the CPU: each clone cuts them into its own registers, lane by lane the same.
typedef float f32x16 __attribute__((vector_size(64)));
typedef int32_t i32x16 __attribute__((vector_size(64)));
typedef double f64x8 __attribute__((vector_size(64)));
typedef int64_t i64x8 __attribute__((vector_size(64)));
typedef uint32_t u32x16 __attribute__((vector_size(64)));
typedef uint16_t u16x16 __attribute__((vector_size(32)));

INLINE f32x16 load(const float *source) {
  f32x16 value;
  memcpy(&value, source, sizeof value);
  return value;
}

INLINE void store(float *target, f32x16 value) { memcpy(target, &value, sizeof value); }

/// The first `count` < 16 lanes, the others zero.
INLINE f32x16 load_part(const float *source, size_t count) {
#if defined(CK_HAS_MASKS)
  return (f32x16)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), source);
#else
  f32x16 value = {0};
  memcpy(&value, source, count * sizeof(float));
  return value;
#endif
}

INLINE void store_part(float *target, f32x16 value, size_t count) {
#if defined(CK_HAS_MASKS)
  _mm512_mask_storeu_ps(target, (__mmask16)((1u << count) - 1), (__m512)value);
#else
  memcpy(target, &value, count * sizeof(float));
#endif
}

INLINE f32x16 splat(float value) { return (f32x16){0} + value; }

INLINE f32x16 choose(i32x16 mask, f32x16 yes, f32x16 no) {
  return (f32x16)((mask & (i32x16)yes) | (~mask & (i32x16)no));
}

/// The lanes as bfloat16, to nearest, ties to even; NaN stays NaN.
INLINE u16x16 rounded_bf16(f32x16 value) {
  u32x16 bits = (u32x16)value, is_nan = (u32x16)(value != value);
  u32x16 rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16, quiet = (bits >> 16) | 0x40;
  return __builtin_convertvector((is_nan & quiet) | (~is_nan & rounded), u16x16);
}

/// The sum of the lanes, by halves.
INLINE float sum_lanes(f32x16 v) {
  float a[16], b[8], c[4];
  memcpy(a, &v, sizeof v);
  for (int i = 0; i < 8; i++) b[i] = a[i] + a[i + 8];
  for (int i = 0; i < 4; i++) c[i] = b[i] + b[i + 4];
  return (c[0] + c[2]) + (c[1] + c[3]);
}

/// e^x within 2 units in the last place; 0 below -87.3, e^88.3 above 88.3; NaN stays NaN.
INLINE f32x16 exponential(f32x16 x) {
  f32x16 low = splat(-87.3f), high = splat(88.3f);
  f32x16 clamped = choose(x < low, low, x);
  clamped = choose(clamped > high, high, clamped);
  // x = n ln 2 + r; adding 1.5 * 2^23 rounds to an integer that stays in the low bits.
  f32x16 shifted = clamped * 1.44269504f + 12582912.0f;
  f32x16 n = shifted - 12582912.0f;
  f32x16 r = clamped - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  f32x16 p = splat(1.9875691500e-4f);
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  f32x16 result = (f32x16)((i32x16)p + ((i32x16)shifted << 23));
  result = choose(x < low, splat(0), result);
  return choose(x != x, x, result);
}

/// x / (1 + e^-x), good enough to be rounded to bfloat16: within 2e-4 of itself; NaN stays NaN.
INLINE f32x16 rough_silu(f32x16 x) {
#if defined(CK_HAS_MASKS)
  // Maximum and minimum return their second operand where it is NaN.
  __m512 t = _mm512_max_ps(_mm512_set1_ps(-126.0f), (__m512)(x * -1.44269504f));
  t = _mm512_min_ps(_mm512_set1_ps(126.0f), t);
  __m512 n = _mm512_roundscale_ps(t, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  // 2^r for |r| <= 1/2, within 5e-5 of itself.
  f32x16 r = (f32x16)_mm512_sub_ps(t, n);
  f32x16 p = splat(9.618129e-3f);
  p = p * r + 5.5504109e-2f;
  p = p * r + 2.4022651e-1f;
  p = p * r + 6.9314718e-1f;
  p = p * r + 1.0f;
  f32x16 power = (f32x16)_mm512_scalef_ps((__m512)p, n);
  return x * (f32x16)_mm512_rcp14_ps((__m512)(1.0f + power));
#else
  return x / (1.0f + exponential(-x));
#endif
}

/// tanh(x) within a few units in the last place; NaN stays NaN.
INLINE f32x16 hyperbolic_tangent(f32x16 x) {
  // 1 - 2 / (e^2x + 1); beyond 10 it is 1 in single precision.
  f32x16 bound = splat(10.0f), zero = splat(0);
  f32x16 size = choose(x < zero, -x, x);
  f32x16 clamped = choose(size > bound, bound, size);
  f32x16 far = 1.0f - 2.0f / (exponential(clamped + clamped) + 1.0f);
  // Near zero that would cancel: an odd polynomial (Cephes, tanhf).
  f32x16 z = x * x;
  f32x16 p = splat(-5.70498872745e-3f);
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  f32x16 near = p * z * x + x;
  return choose(size < splat(0.625f), near, choose(x < zero, -far, far));
}

/// 1 - erf(x) for x >= 0, within 1e-6 of itself down to 1e-30; NaN stays NaN.
INLINE f32x16 complementary_error(f32x16 x) {
  // Numerical Recipes (2nd edition), erfcc: a Chebyshev fit of log(erfc(x) e^(x^2) / t), t = 1 / (1 + x/2).
  f32x16 t = 1.0f / (1.0f + 0.5f * x);
  f32x16 p = splat(0.17087277f);
  p = p * t - 0.82215223f;
  p = p * t + 1.48851587f;
  p = p * t - 1.13520398f;
  p = p * t + 0.27886807f;
  p = p * t - 0.18628806f;
  p = p * t + 0.09678418f;
  p = p * t + 0.37409196f;
  p = p * t + 1.00002368f;
  p = p * t - 1.26551223f;
  return t * exponential(p - x * x);
}

/// e^x within 1e-14 relative for -700 <= x <= 0; 0 below.
INLINE f64x8 exponential_f64(f64x8 x) {
  f64x8 low = (f64x8){0} - 700.0;
  i64x8 is_low = x < low;
  f64x8 clamped = (f64x8)((is_low & (i64x8)low) | (~is_low & (i64x8)x));
  f64x8 shifted = clamped * 1.4426950408889634 + 6755399441055744.0;
  f64x8 n = shifted - 6755399441055744.0;
  f64x8 r = clamped - n * 6.93147180369123816490e-01;
  r = r - n * 1.90821492927058770002e-10;
  f64x8 p = (f64x8){0} + 2.505210838544172e-8;
  p = p * r + 2.755731922398589e-7;
  p = p * r + 2.7557319223985893e-6;
  p = p * r + 2.48015873015873e-5;
  p = p * r + 1.984126984126984e-4;
  p = p * r + 1.388888888888889e-3;
  p = p * r + 8.333333333333333e-3;
  p = p * r + 4.1666666666666664e-2;
  p = p * r + 1.6666666666666666e-1;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  f64x8 result = (f64x8)((i64x8)p + ((i64x8)shifted << 52));
  return (f64x8)(~is_low & (i64x8)result);
}

#endif
