// sce in one pass; compiled once per CPU level, see merge_direct_v4.c.

INLINE f64x8 widened_half(f32x16 x, bool upper) {
  typedef float f32x8 __attribute__((vector_size(32)));
  f32x8 half = upper ? __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15)
                     : __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7);
  return __builtin_convertvector(half, f64x8);
}

/// Population variances of eight elements over rows of differences, in double precision.
INLINE f64x8 variances_of(
    float (*deltas)[BLOCK], size_t models, size_t i, bool upper) {
  double share = (double)models;
  // A factor that is exact rounds like the division, and takes less time.
  bool is_power = (models & (models - 1)) == 0;
  f64x8 mean = {0}, squares = {0};
  for (size_t k = 0; k < models; k++) mean = mean + widened_half(load(deltas[k] + i), upper);
  mean = is_power ? mean * (1 / share) : mean / share;
  for (size_t k = 0; k < models; k++) {
    f64x8 difference = widened_half(load(deltas[k] + i), upper) - mean;
    squares = squares + difference * difference;
  }
  return is_power ? squares * (1 / share) : squares / share;
}

/// Keys of the variances of sixteen elements.
INLINE i32x16 variance_keys(float (*deltas)[BLOCK], size_t models, size_t i) {
  typedef float f32x8 __attribute__((vector_size(32)));
  f32x8 lower = __builtin_convertvector(variances_of(deltas, models, i, false), f32x8);
  f32x8 upper = __builtin_convertvector(variances_of(deltas, models, i, true), f32x8);
  f32x16 both = __builtin_shufflevector(
      lower, upper, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return (i32x16)both & 0x7FFFFFFF;
}

/// Where variances of two models lie that single precision puts on the right side of the cut.
struct variance_margins {
  float below, above;
};

INLINE struct variance_margins margins_of(uint32_t cut) {
  float value;
  memcpy(&value, &cut, sizeof value);
  // Far more than the 2^-22 by which a variance may be off; tiny ones may have lost bits.
  bool is_tiny = value <= 0x1p-100f;
  return (struct variance_margins){
      is_tiny ? -1.0f : value * (1 - 0x1p-18f), is_tiny ? 0x1p-99f : value * (1 + 0x1p-18f)};
}

/// As variance_keys for two models, or other keys on the same side of the cut.
///
/// The variance of two numbers is the square of half of their difference: where the difference is exact,
/// so is everything before one rounding, here as in double precision.
INLINE i32x16 variance_keys_of_two(
    float (*deltas)[BLOCK], size_t i, struct variance_margins margins) {
  f32x16 a = load(deltas[0] + i), b = load(deltas[1] + i);
  f32x16 difference = a - b, half = difference * 0.5f, variance = half * half;
  // What the subtraction lost (Knuth's two-sum).
  f32x16 other = a - difference;
  f32x16 lost = (a - (difference + other)) + (other - b);
  i32x16 is_clear = (lost == 0.0f) | (variance < margins.below) | (variance > margins.above);
  if (__builtin_reduce_and(is_clear) == 0) return variance_keys(deltas, 2, i);
  return (i32x16)variance;
}

/// base[i] += the mean by shares of the differences that have the elected sign, where selected.
INLINE void fuse_rows(
    float *base, float (*deltas)[BLOCK], const float *shares, size_t models, uint32_t cut,
    size_t ties, size_t count) {
  const i32x16 lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const struct variance_margins margins = margins_of(cut);
  for (size_t i = 0; i < count; i += 16) {
    f32x16 vote = {0}, total = {0}, divisor = {0};
    for (size_t k = 0; k < models; k++) vote = vote + load(deltas[k] + i);
    i32x16 flip = ~(vote >= 0.0f) & INT32_MIN;
    for (size_t k = 0; k < models; k++) {
      f32x16 delta = load(deltas[k] + i);
      i32x16 agrees = (f32x16)((i32x16)delta ^ flip) > 0.0f;
      total = total + (f32x16)((i32x16)(shares[k] * delta) & agrees);
      divisor = divisor + (f32x16)((i32x16)splat(shares[k]) & agrees);
    }
    f32x16 least = splat(1e-6f);
    f32x16 own = load(base + i);
    f32x16 merged = own + total / choose(divisor > least, divisor, least);
    if (cut != 0) {
      size_t tied = ties > i ? ties - i : 0;
      i32x16 is_tied = lanes < (int32_t)(tied < 16 ? tied : 16);
      i32x16 keys = models == 2 ? variance_keys_of_two(deltas, i, margins)
                                : variance_keys(deltas, models, i);
      i32x16 is_selected = keys > (int32_t)cut + is_tied;
      merged = choose(is_selected, merged, own);
    }
    store(base + i, merged);
  }
}

void CK_CLONE(ck_merge_direct_sce)(
    const void *base, const void *const *inputs, enum ck_stored stored, const float *shares,
    size_t models, uint32_t cut, size_t ties, const struct ck_merge_target *target, size_t count) {
  _Alignas(64) float rows[CK_MERGE_TERMS + 1][BLOCK];
  size_t before = results_before_line(target, count);
  for (size_t start = 0, part; start < count; start += part) {
    part = start < before ? before - start : count - start;
    if (part > BLOCK) part = BLOCK;
    read_block_of(base, stored, start, part, rows[0]);
    for (size_t k = 0; k < models; k++) {
      float *row = rows[k + 1];
      read_block_of(inputs[k], stored, start, part, row);
      for (size_t i = 0; i < part; i += 16) store(row + i, load(row + i) - load(rows[0] + i));
    }
    size_t tied = ties > start ? ties - start : 0;
    switch (models) {
      case 2: fuse_rows(rows[0], rows + 1, shares, 2, cut, tied, part); break;
      case 3: fuse_rows(rows[0], rows + 1, shares, 3, cut, tied, part); break;
      default: fuse_rows(rows[0], rows + 1, shares, models, cut, tied, part); break;
    }
    write_block(rows[0], target, start, part, start >= before);
  }
}
