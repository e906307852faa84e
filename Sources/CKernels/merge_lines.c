#include "ck_merge_lines.h"

#include "merge_common.h"

#pragma clang fp contract(off)

CK_INLINE float relative(const float *x, const float *base, size_t i) {
  return base ? x[i] - base[i] : x[i];
}

/// Adds products to lanes in order of i; `base` is a constant for the compiler where it is NULL.
CK_INLINE void dot(
    const float *a, const float *b, const float *base, double *restrict lanes, size_t count) {
  double sums[CK_MERGE_LANES];
  for (int lane = 0; lane < CK_MERGE_LANES; lane++) sums[lane] = lanes[lane];
  size_t whole = count - count % CK_MERGE_LANES;
  for (size_t i = 0; i < whole; i += CK_MERGE_LANES) {
    for (int lane = 0; lane < CK_MERGE_LANES; lane++) {
      size_t at = i + (size_t)lane;
      sums[lane] += (double)relative(a, base, at) * (double)relative(b, base, at);
    }
  }
  for (size_t i = whole; i < count; i++) {
    sums[i - whole] += (double)relative(a, base, i) * (double)relative(b, base, i);
  }
  for (int lane = 0; lane < CK_MERGE_LANES; lane++) lanes[lane] = sums[lane];
}

CK_CLONES
void ck_merge_delta_dot(
    const float *a, const float *b, const float *base, double *restrict lanes, size_t count) {
  if (base) {
    dot(a, b, base, lanes, count);
  } else {
    dot(a, b, NULL, lanes, count);
  }
}

CK_INLINE double line_dot(const float *a, const float *b, const float *base, size_t count) {
  double lanes[CK_MERGE_LANES] = {0};
  dot(a, b, base, lanes, count);
  double sum = 0;
  for (int lane = 0; lane < CK_MERGE_LANES; lane++) sum += lanes[lane];
  return sum;
}

CK_CLONES
void ck_merge_row_dots(
    const float *a, const float *b, const float *base, size_t offset, size_t length,
    double *restrict sums, size_t count) {
  size_t row = 0;
  for (size_t i = 0; i < count; row++, offset = 0) {
    size_t width = length - offset < count - i ? length - offset : count - i;
    sums[row] += base ? line_dot(a + i, b + i, base + i, width)
                      : line_dot(a + i, b + i, NULL, width);
    i += width;
  }
}

CK_CLONES
void ck_merge_column_dots(
    const float *a, const float *b, const float *base, size_t column, size_t columns,
    double *restrict sums, size_t count) {
  for (size_t i = 0; i < count; column = 0) {
    size_t width = columns - column < count - i ? columns - column : count - i;
    for (size_t j = 0; j < width; j++) {
      sums[column + j] += (double)relative(a, base, i + j) * (double)relative(b, base, i + j);
    }
    i += width;
  }
}

CK_CLONES
void ck_merge_accumulate_rows(
    float *restrict sum, const float *x, const float *base, const float *restrict factors,
    size_t offset, size_t length, size_t count) {
  size_t row = 0;
  for (size_t i = 0; i < count; row++, offset = 0) {
    size_t width = length - offset < count - i ? length - offset : count - i;
    float factor = factors[row];
    if (base) {
      for (size_t j = i; j < i + width; j++) sum[j] += factor * (x[j] - base[j]);
    } else {
      for (size_t j = i; j < i + width; j++) sum[j] += factor * x[j];
    }
    i += width;
  }
}

CK_CLONES
void ck_merge_accumulate_columns(
    float *restrict sum, const float *x, const float *base, const float *restrict factors,
    size_t column, size_t columns, size_t count) {
  for (size_t i = 0; i < count; column = 0) {
    size_t width = columns - column < count - i ? columns - column : count - i;
    const float *own = factors + column;
    if (base) {
      for (size_t j = 0; j < width; j++) sum[i + j] += own[j] * (x[i + j] - base[i + j]);
    } else {
      for (size_t j = 0; j < width; j++) sum[i + j] += own[j] * x[i + j];
    }
    i += width;
  }
}
