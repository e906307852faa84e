// sce in one pass; compiled once per CPU level, see merge_direct_v4.c.

INLINE f64x8 widened_half(f32x16 x, bool upper) {
  typedef float f32x8 __attribute__((vector_size(32)));
  f32x8 half = upper ? __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15)
                     : __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7);
  return __builtin_convertvector(half, f64x8);
}

/// Population variances of eight elements over differences, in double precision.
INLINE f64x8 variances_of(const f32x16 *deltas, size_t models, bool upper) {
  double share = (double)models;
  // A factor that is exact rounds like the division, and takes less time.
  bool is_power = (models & (models - 1)) == 0;
  f64x8 mean = {0}, squares = {0};
  for (size_t k = 0; k < models; k++) mean = mean + widened_half(deltas[k], upper);
  mean = is_power ? mean * (1 / share) : mean / share;
  for (size_t k = 0; k < models; k++) {
    f64x8 difference = widened_half(deltas[k], upper) - mean;
    squares = squares + difference * difference;
  }
  return is_power ? squares * (1 / share) : squares / share;
}

/// Keys of the variances of sixteen elements.
INLINE i32x16 variance_keys(const f32x16 *deltas, size_t models) {
  typedef float f32x8 __attribute__((vector_size(32)));
  f32x8 lower = __builtin_convertvector(variances_of(deltas, models, false), f32x8);
  f32x8 upper = __builtin_convertvector(variances_of(deltas, models, true), f32x8);
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

/// Seldom needed; apart, so that the differences stay in registers where it is not.
static __attribute__((noinline)) i32x16 exact_variance_keys_of_two(f32x16 a, f32x16 b) {
  const f32x16 deltas[2] = {a, b};
  return variance_keys(deltas, 2);
}

/// As variance_keys for two models, or other keys on the same side of the cut.
///
/// The variance of two numbers is the square of half of their difference: where the difference is exact,
/// so is everything before one rounding, here as in double precision.
INLINE i32x16 variance_keys_of_two(f32x16 a, f32x16 b, struct variance_margins margins) {
  f32x16 difference = a - b, half = difference * 0.5f, variance = half * half;
  // What the subtraction lost (Knuth's two-sum).
  f32x16 other = a - difference;
  f32x16 lost = (a - (difference + other)) + (other - b);
  i32x16 is_clear = (lost == 0.0f) | (variance < margins.below) | (variance > margins.above);
  if (__builtin_reduce_and(is_clear) == 0) return exact_variance_keys_of_two(a, b);
  return (i32x16)variance;
}

/// How differences are selected and put together.
struct fusion {
  const float *shares;
  size_t models;
  uint32_t cut;
  struct variance_margins margins;
};

/// `own` + the mean by shares of the differences that have the elected sign, where selected; lanes that are
/// `tied` are selected at the cut, too.
INLINE f32x16 fused(
    f32x16 own, const f32x16 *deltas, const struct fusion *fusion, size_t models, i32x16 tied) {
  f32x16 vote = {0}, total = {0}, divisor = {0};
  for (size_t k = 0; k < models; k++) vote = vote + deltas[k];
  i32x16 flip = ~(vote >= 0.0f) & INT32_MIN;
  for (size_t k = 0; k < models; k++) {
    float share = fusion->shares[k];
    i32x16 agrees = (f32x16)((i32x16)deltas[k] ^ flip) > 0.0f;
    total = total + (f32x16)((i32x16)(share * deltas[k]) & agrees);
    divisor = divisor + (f32x16)((i32x16)splat(share) & agrees);
  }
  f32x16 least = splat(1e-6f);
  f32x16 merged = own + total / choose(divisor > least, divisor, least);
  if (fusion->cut == 0) return merged;
  i32x16 keys = models == 2 ? variance_keys_of_two(deltas[0], deltas[1], fusion->margins)
                            : variance_keys(deltas, models);
  return choose(keys > (int32_t)fusion->cut + tied, merged, own);
}

/// Minus one where a lane's element, the first one's with `step` between neighbours, is below `ties`.
INLINE i32x16 tied_lanes(size_t first, int32_t step, size_t ties) {
  const i32x16 lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  size_t left = ties > first ? ties - first : 0;
  return lanes * step < (int32_t)(left < 32 ? left : 32);
}

INLINE void fuse_block(
    const void *base, const void *const *inputs, enum ck_stored stored, const struct fusion *fusion,
    size_t ties, const struct ck_merge_target *target, size_t start, size_t count, bool from_line) {
  _Alignas(64) float rows[CK_MERGE_TERMS + 1][BLOCK];
  read_block_of(base, stored, start, count, rows[0]);
  for (size_t k = 0; k < fusion->models; k++) {
    read_block_of(inputs[k], stored, start, count, rows[k + 1]);
  }
  for (size_t i = 0; i < count; i += 16) {
    f32x16 own = load(rows[0] + i), deltas[CK_MERGE_TERMS];
    for (size_t k = 0; k < fusion->models; k++) deltas[k] = load(rows[k + 1] + i) - own;
    i32x16 tied = tied_lanes(start + i, 1, ties);
    store(rows[0] + i, fused(own, deltas, fusion, fusion->models, tied));
  }
  write_block(rows[0], target, start, count, from_line);
}

/// Thirty-two bf16 elements at a time, from stored element to result in registers.
INLINE void fuse_pairs(
    const void *base, const void *const *inputs, const struct fusion *fusion, size_t models,
    size_t ties, const struct ck_merge_target *target, size_t start, size_t count) {
  // Copies, which no result can overwrite.
  const struct ck_merge_target own_target = *target;
  float shares[CK_MERGE_TERMS];
  const void *own_inputs[CK_MERGE_TERMS];
  for (size_t k = 0; k < models; k++) {
    shares[k] = fusion->shares[k];
    own_inputs[k] = inputs[k];
  }
  const struct fusion own_fusion = {shares, models, fusion->cut, fusion->margins};
  for (size_t i = start; i < start + count; i += 32) {
    f32x16 own[2], deltas[2][CK_MERGE_TERMS];
    read_pairs(base, i, own);
    for (size_t k = 0; k < models; k++) {
      f32x16 pair[2];
      read_pairs(own_inputs[k], i, pair);
      for (size_t v = 0; v < 2; v++) deltas[v][k] = pair[v] - own[v];
    }
#pragma clang loop unroll(full)
    for (size_t v = 0; v < 2; v++) {
      own[v] = fused(own[v], deltas[v], &own_fusion, models, tied_lanes(i + v, 2, ties));
    }
    write_pairs(&own_target, i, own);
  }
}

void CK_CLONE(ck_merge_direct_sce)(
    const void *base, const void *const *inputs, enum ck_stored stored, const float *shares,
    size_t models, uint32_t cut, size_t ties, const struct ck_merge_target *target, size_t count) {
  const struct fusion fusion = {shares, models, cut, margins_of(cut)};
  size_t before = results_before_line(target, count);
  bool is_pairs = stored == CK_STORED_BF16 && target->kind == CK_RESULT_BF16;
  for (size_t start = 0, part; start < count; start += part) {
    part = start < before ? before - start : count - start;
    if (is_pairs && start >= before && part >= 32 && (models == 2 || models == 3)) {
      part = part / 32 * 32;
      if (models == 2) fuse_pairs(base, inputs, &fusion, 2, ties, target, start, part);
      if (models == 3) fuse_pairs(base, inputs, &fusion, 3, ties, target, start, part);
      continue;
    }
    if (part > BLOCK) part = BLOCK;
    fuse_block(base, inputs, stored, &fusion, ties, target, start, part, start >= before);
  }
}
