#include "ck_merge_lines.h"
#include "merge_common.h"

#pragma clang fp contract(off)

/// e^x for x <= 0, to 1e-15 relative; 0 below -700. Without branches, so that it vectorises.
CK_INLINE double exponential(double x) {
  double inside = x < -700.0 ? -700.0 : x;
  // x = k ln 2 + r; adding 1.5·2⁵² rounds to whole numbers and leaves k in the low bits.
  double shifted = inside * 1.4426950408889634 + 6755399441055744.0;
  double k = shifted - 6755399441055744.0;
  double r = (inside - k * 0x1.62e42fee00000p-1) - k * 0x1.a39ef35793c76p-33;
  double series = 1.0 / 479001600;
  series = series * r + 1.0 / 39916800;
  series = series * r + 1.0 / 3628800;
  series = series * r + 1.0 / 362880;
  series = series * r + 1.0 / 40320;
  series = series * r + 1.0 / 5040;
  series = series * r + 1.0 / 720;
  series = series * r + 1.0 / 120;
  series = series * r + 1.0 / 24;
  series = series * r + 1.0 / 6;
  series = series * r + 0.5;
  double value = 1 + (r + r * r * series);
  uint64_t bits, scale;
  memcpy(&scale, &shifted, sizeof scale);
  memcpy(&bits, &value, sizeof bits);
  bits += scale << 52;
  memcpy(&value, &bits, sizeof value);
  return x < -700.0 ? 0.0 : value;
}

/// ln x for a positive normal x, to 1e-15 absolute near 1 and relative elsewhere.
CK_INLINE double logarithm(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  // The mantissa within [√½, √2).
  uint64_t shifted = bits - 0x3FE6A09E667F3BCDull;
  int64_t exponent = (int64_t)shifted >> 52;
  bits -= (uint64_t)exponent << 52;
  double mantissa;
  memcpy(&mantissa, &bits, sizeof mantissa);
  double f = mantissa - 1;
  double s = f / (2 + f);
  double z = s * s;
  double tail = 2.0 / 25;
  tail = tail * z + 2.0 / 23;
  tail = tail * z + 2.0 / 21;
  tail = tail * z + 2.0 / 19;
  tail = tail * z + 2.0 / 17;
  tail = tail * z + 2.0 / 15;
  tail = tail * z + 2.0 / 13;
  tail = tail * z + 2.0 / 11;
  tail = tail * z + 2.0 / 9;
  tail = tail * z + 2.0 / 7;
  tail = tail * z + 2.0 / 5;
  tail = tail * z + 2.0 / 3;
  tail *= z;
  double half = 0.5 * f * f;
  // The exponent as a double, by way of an addition that is exact.
  uint64_t biased = (uint64_t)exponent + 0x4338000000000000ull;
  double e;
  memcpy(&e, &biased, sizeof e);
  e -= 6755399441055744.0;
  return e * 0x1.62e42fee00000p-1 - ((half - (s * (half + tail) + e * 0x1.a39ef35793c76p-33)) - f);
}

CK_INLINE float largest(const float *x, size_t count) {
  float result = x[0];
  for (size_t i = 1; i < count; i++) result = x[i] > result ? x[i] : result;
  return result;
}

enum { LANES = 8 };

CK_INLINE double total(const double *lanes) {
  double sum = 0;
  for (int lane = 0; lane < LANES; lane++) sum += lanes[lane];
  return sum;
}

CK_INLINE double exponential_sum(const float *x, double most, size_t count) {
  double lanes[LANES] = {0};
  size_t whole = count - count % LANES;
  for (size_t i = 0; i < whole; i += LANES) {
    for (int lane = 0; lane < LANES; lane++) {
      lanes[lane] += exponential((double)x[i + (size_t)lane] - most);
    }
  }
  for (size_t i = whole; i < count; i++) lanes[i - whole] += exponential((double)x[i] - most);
  return total(lanes);
}

CK_INLINE double term(float a, float b, double most_a, double most_b, double sum_a, double sum_b) {
  double p = exponential((double)b - most_b) / sum_b + 1e-8;
  double q = exponential((double)a - most_a) / sum_a + 1e-8;
  return p * logarithm(p / q);
}

CK_CLONES
double ck_merge_divergence(const float *restrict a, const float *restrict b, size_t count) {
  if (count == 0) return 0;
  double most_a = (double)largest(a, count), most_b = (double)largest(b, count);
  double sum_a = exponential_sum(a, most_a, count), sum_b = exponential_sum(b, most_b, count);
  double lanes[LANES] = {0};
  size_t whole = count - count % LANES;
  for (size_t i = 0; i < whole; i += LANES) {
    for (int lane = 0; lane < LANES; lane++) {
      size_t at = i + (size_t)lane;
      lanes[lane] += term(a[at], b[at], most_a, most_b, sum_a, sum_b);
    }
  }
  for (size_t i = whole; i < count; i++) {
    lanes[i - whole] += term(a[i], b[i], most_a, most_b, sum_a, sum_b);
  }
  double divergence = total(lanes);
  return divergence > 0 ? divergence : 0;
}
