#ifndef MERGEVOLVE_CK_MERGE_LINES_H
#define MERGEVOLVE_CK_MERGE_LINES_H

#include <stddef.h>
#include <stdint.h>

// Merge arithmetic on the lines of a tensor: its rows, of which each is contiguous, or its columns, of
// which each has one element per row. The rules of ck_merge.h hold. Where `base` is NULL, an element
// stands for itself, else for its difference from the base.

/// lanes[i mod CK_MERGE_LANES] += a[i] * b[i] in double precision, in order of i.
void ck_merge_delta_dot(
    const float *a, const float *b, const float *base, double *restrict lanes, size_t count);

/// sums[row] += sum of a[i] * b[i] over the elements of each row; element 0 is number `offset` of row 0.
void ck_merge_row_dots(
    const float *a, const float *b, const float *base, size_t offset, size_t length,
    double *restrict sums, size_t count);

/// sums[column] += a[i] * b[i]; element 0 is in column `column` of `columns`.
void ck_merge_column_dots(
    const float *a, const float *b, const float *base, size_t column, size_t columns,
    double *restrict sums, size_t count);

/// sum[i] += factors[row] * x[i]; element 0 is number `offset` of row 0.
void ck_merge_accumulate_rows(
    float *restrict sum, const float *x, const float *base, const float *restrict factors,
    size_t offset, size_t length, size_t count);

/// sum[i] += factors[column] * x[i]; element 0 is in column `column` of `columns`.
void ck_merge_accumulate_columns(
    float *restrict sum, const float *x, const float *base, const float *restrict factors,
    size_t column, size_t columns, size_t count);

/// Sum over a row of p·ln(p/q) with p = softmax(b) + 1e-8 and q = softmax(a) + 1e-8; not below 0.
double ck_merge_divergence(const float *restrict a, const float *restrict b, size_t count);

/// ranks[i] = how many of `count` magnitudes, `step` floats apart, come before number i in ascending
/// order; of equal ones the first comes first. `scratch` has room for 2 · count numbers. Ranks are
/// `step` numbers apart as well.
void ck_merge_ranks(
    const float *magnitudes, size_t step, uint32_t *ranks, uint64_t *restrict scratch, size_t count);

/// Sets the bit of each element that is kept with probability low + slope · rank. Adds the kept
/// magnitudes to sums[0] and all to sums[1]. Element 0 is `first` of the tensor and bit `bit` of `bits`,
/// all of whose bits from there on are 0.
void ck_merge_ranked_mask(
    const float *restrict magnitudes, const uint32_t *restrict ranks, uint64_t key, uint64_t first,
    double low, double slope, uint64_t *restrict bits, uint64_t bit, double *restrict sums,
    size_t count);

#endif
