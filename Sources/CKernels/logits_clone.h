// Compiled once per CPU level; see clone_v4.c.

/// Eight exponentials of logit - maximum, in double precision.
INLINE f64x8 exponentials(const float *logits, size_t count, double maximum) {
  f64x8 x;
  for (size_t i = 0; i < 8; i++) x[i] = i < count ? (double)logits[i] - maximum : -1000.0;
  return exponential_f64(x);
}

void CK_CLONE(ck_logits)(const float *restrict logits, size_t rows, size_t width,
               struct ck_logit_statistics *restrict out) {
  size_t whole = width & ~(size_t)15, rest = width - whole;
  for (size_t row = 0; row < rows; row++, logits += width) {
    f32x16 maxima = splat(-INFINITY), differences = {0};
    for (size_t i = 0; i < whole; i += 16) {
      f32x16 x = load(logits + i);
      maxima = choose(x > maxima, x, maxima);
      differences = differences + (x - x);
    }
    float maximum = -INFINITY;
    for (int i = 0; i < 16; i++) maximum = maxima[i] > maximum ? maxima[i] : maximum;
    for (size_t i = whole; i < width; i++)
      maximum = logits[i] > maximum ? logits[i] : maximum;
    f32x16 tail = load_part(logits + whole, rest);
    differences = differences + (tail - tail);
    struct ck_logit_statistics result = {0, maximum, 0, sum_lanes(differences) == 0.0f};
    if (result.finite && width > 0) {
      size_t best = 0;
      while (logits[best] != maximum) best++;
      result.best = (int32_t)best;
      f64x8 sums = {0};
      size_t i = 0;
      for (; i + 8 <= width; i += 8) sums = sums + exponentials(logits + i, 8, maximum);
      if (i < width) sums = sums + exponentials(logits + i, width - i, maximum);
      result.sum = ((sums[0] + sums[4]) + (sums[2] + sums[6])) +
                   ((sums[1] + sums[5]) + (sums[3] + sums[7]));
    }
    out[row] = result;
  }
}

INLINE f32x16 adjusted(f32x16 x, f32x16 bias, float scale, float cap) {
  f32x16 scaled = (x + bias) * scale;
  return cap > 0 ? cap * hyperbolic_tangent(scaled / cap) : scaled;
}

void CK_CLONE(ck_adjust_logits)(float *restrict x, const float *restrict bias, float scale, float cap,
                      size_t rows, size_t width) {
  size_t whole = width & ~(size_t)15, rest = width - whole;
  f32x16 none = {0};
  for (size_t row = 0; row < rows; row++, x += width) {
    for (size_t i = 0; i < whole; i += 16)
      store(x + i, adjusted(load(x + i), bias ? load(bias + i) : none, scale, cap));
    if (rest) {
      f32x16 added = bias ? load_part(bias + whole, rest) : none;
      store_part(x + whole, adjusted(load_part(x + whole, rest), added, scale, cap), rest);
    }
  }
}
