// How weighted task vectors are put together; compiled once per CPU level, see merge_direct_v4.c.

/// lambda * (the sum of the terms' rows / divisor), for element i of rows that are `width` apart.
INLINE f32x16 summed(
    const float *rows, size_t width, size_t i, size_t terms, const struct ck_task_vector_sum *sum) {
  f32x16 total = {0};
  for (size_t k = 0; k < terms; k++) total = total + load(rows + k * width + i);
  if (sum->divisor != 1.0f) total = total / sum->divisor;
  return sum->lambda * total;
}

/// lambda * (the sum of those of the terms' rows that have the elected sign), which is divided by the sum
/// of their weights. There is at least one term.
INLINE f32x16 elected(
    const float *rows, size_t width, size_t i, const struct ck_merge_term *term, size_t terms,
    const struct ck_task_vector_sum *sum, bool normalize) {
  f32x16 vote = load(rows + i), total, divisor;
  for (size_t k = 1; k < terms; k++) vote = vote + load(rows + k * width + i);
  // Flips signs where minus is elected, so that who agrees is positive.
  i32x16 flip = ~(vote >= 0.0f) & INT32_MIN;
  for (size_t k = 0; k < terms; k++) {
    f32x16 value = load(rows + k * width + i);
    i32x16 agrees = (f32x16)((i32x16)value ^ flip) > 0.0f;
    f32x16 share = (f32x16)((i32x16)value & agrees);
    f32x16 weight = (f32x16)((i32x16)splat(term[k].weight) & agrees);
    total = k == 0 ? share : total + share;
    divisor = k == 0 ? weight : divisor + weight;
  }
  if (normalize) total = total / choose(divisor == 0.0f, splat(1), divisor);
  return sum->lambda * total;
}
