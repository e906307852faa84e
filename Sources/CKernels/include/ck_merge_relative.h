#ifndef MERGEVOLVE_CK_MERGE_RELATIVE_H
#define MERGEVOLVE_CK_MERGE_RELATIVE_H

#include <stddef.h>
#include <stdint.h>

// Merge arithmetic of single elements across a base and several models, rows[0] to rows[models - 1].
// The rules of ck_merge.h hold.

/// x[i] = ((x[i] - base[i]) * scale) * weight where bit number bit + i of `bits` is set; else 0.
void ck_merge_delta_bits(
    float *restrict x, const float *restrict base, float scale, float weight,
    const uint64_t *restrict bits, uint64_t bit, size_t count);

/// As ck_merge_delta where the delta's key is at least `low` and at most `high`, with equality to `low`
/// below index low_ties only and equality to `high` from index high_ties on only; else 0.
void ck_merge_delta_between(
    float *restrict x, const float *restrict base, float scale, float weight, uint32_t low,
    size_t low_ties, uint32_t high, size_t high_ties, size_t count);

/// variances[i] = population variance of the models' differences from the base, in double precision.
void ck_merge_variance(
    const float *const *rows, size_t models, const float *restrict base, float *restrict variances,
    size_t count);

/// sums[bin * models + model] += (rows[model][i] - base[i])² for the bin of each variance's key.
void ck_merge_square_bins(
    const float *const *rows, size_t models, const float *restrict base,
    const float *restrict variances, double *restrict sums, size_t count);

/// As ck_merge_square_bins, to one set of sums, for variances of bin `bin` that exceed the key `cut`, or
/// equal it at an index below ties.
void ck_merge_square_sums(
    const float *const *rows, size_t models, const float *restrict base,
    const float *restrict variances, uint32_t bin, uint32_t cut, size_t ties, double *restrict sums,
    size_t count);

/// sce: base plus the mean by `shares` of the differences that agree with the elected sign, where the
/// variance's key exceeds cut, or equals it at an index below ties; else the base.
void ck_merge_sce(
    const float *const *rows, size_t models, const float *restrict base,
    const float *restrict shares, uint32_t cut, size_t ties, float *restrict result, size_t count);

/// nearswap: result[i] = s * x[i] + (1 - s) * base[i] with s = min(max(t / max(|base - x|, 1e-6), 0), 1).
void ck_merge_nearswap(
    const float *restrict base, const float *restrict x, float t, float *restrict result,
    size_t count);

/// distances[i] = |x[i] - base[i]| * factors[row], rounded once; element 0 is number `offset` of row 0.
void ck_merge_importance(
    const float *restrict x, const float *restrict base, const double *restrict factors,
    size_t offset, size_t length, float *restrict importances, size_t count);

/// result[i] = importances[i] >= threshold ? x[i] : base[i].
void ck_merge_choose(
    const float *restrict x, const float *restrict base, const float *restrict importances,
    double threshold, float *restrict result, size_t count);

/// Counts, per model, its differences above epsilon that it shares with others and that it has alone.
void ck_merge_overlaps(
    const float *const *rows, size_t models, const float *restrict base, float epsilon,
    uint64_t *restrict shared, uint64_t *restrict unique, size_t count);

/// ram: base plus the mean of the differences above epsilon; one that stands alone times the model's
/// factor.
void ck_merge_ram(
    const float *const *rows, size_t models, const float *restrict base,
    float epsilon, const float *restrict factors, float *restrict result, size_t count);

#endif
