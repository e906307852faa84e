// Compiled once per CPU level; see clone_v4.c.

INLINE size_t padded_count(size_t keys) { return (keys + 15) & ~(size_t)15; }

/// The ranges that one row sees, after the window has cut off the first of them.
struct view {
  const struct ck_key_range *prefix;
  size_t prefix_count;
  struct ck_key_range last;
  size_t skipped;  // rows of the first ranges that lie before the window
  size_t count;
};

/// Range `index` of the view; an empty one lies before the window.
INLINE struct ck_key_range range_of(const struct view *view, size_t index, size_t *skipped) {
  struct ck_key_range range = index < view->prefix_count ? view->prefix[index] : view->last;
  size_t cut = *skipped < (size_t)range.count ? *skipped : (size_t)range.count;
  *skipped -= cut;
  range.start += (int32_t)cut;
  range.count -= (int32_t)cut;
  return range;
}

/// scores[key] = query . key for `group` queries, in order of position; vectors = padded / 16.
INLINE void score_keys(const float *restrict queries, size_t group, const float *restrict keys,
                          size_t stride, const struct view *view, size_t vectors,
                          float *restrict scores, size_t scores_stride) {
  size_t position = 0, skipped = view->skipped;
  for (size_t index = 0; index <= view->prefix_count; index++) {
    struct ck_key_range range = range_of(view, index, &skipped);
    const float *key = keys + (size_t)range.start * stride;
    for (int32_t j = 0; j < range.count; j++, key += stride, position++) {
      for (size_t g = 0; g < group; g++) {
        const float *query = queries + g * vectors * 16;
        f32x16 sum = load(query) * load(key);
        for (size_t v = 1; v < vectors; v++) sum = load(query + 16 * v) * load(key + 16 * v) + sum;
        scores[g * scores_stride + position] = sum_lanes(sum);
      }
    }
  }
}

/// Turns scores into exp(score - maximum), zero in the padding, and returns 1 / their sum.
INLINE float soften(float *restrict scores, size_t count, float cap) {
  size_t padded = padded_count(count);
  if (cap > 0) {
    for (size_t i = count; i < padded; i++) scores[i] = 0;
    for (size_t i = 0; i < padded; i += 16)
      store(scores + i, cap * hyperbolic_tangent(load(scores + i) / cap));
  }
  for (size_t i = count; i < padded; i++) scores[i] = -INFINITY;
  f32x16 maxima = load(scores);
  for (size_t i = 16; i < padded; i += 16) {
    f32x16 next = load(scores + i);
    maxima = choose(next > maxima, next, maxima);
  }
  float maximum = maxima[0];
  for (int i = 1; i < 16; i++) maximum = maxima[i] > maximum ? maxima[i] : maximum;
  f32x16 sums = {0};
  for (size_t i = 0; i < padded; i += 16) {
    f32x16 weight = exponential(load(scores + i) - maximum);
    sums = sums + weight;
    store(scores + i, weight);
  }
  return 1.0f / sum_lanes(sums);
}

/// out[g] = scale[g] * sum of weight * value over the keys, in order of position, for 1 or 2 queries.
INLINE void mix_values(const float *restrict weights, size_t weights_stride, size_t group,
                          const float *restrict values, size_t stride, const struct view *view,
                          size_t vectors, const float *restrict scale, size_t size,
                          float *restrict out) {
  f32x16 sums[2][16];
  for (size_t g = 0; g < group; g++)
    for (size_t v = 0; v < vectors; v++) sums[g][v] = splat(0);
  size_t position = 0, skipped = view->skipped;
  for (size_t index = 0; index <= view->prefix_count; index++) {
    struct ck_key_range range = range_of(view, index, &skipped);
    const float *value = values + (size_t)range.start * stride;
    for (int32_t j = 0; j < range.count; j++, value += stride, position++) {
      for (size_t g = 0; g < group; g++) {
        float weight = weights[g * weights_stride + position];
        for (size_t v = 0; v < vectors; v++)
          sums[g][v] = load(value + 16 * v) * weight + sums[g][v];
      }
    }
  }
  for (size_t g = 0; g < group; g++) {
    float padded[256];
    for (size_t v = 0; v < vectors; v++) store(padded + 16 * v, sums[g][v] * scale[g]);
    memcpy(out + g * size, padded, size * sizeof(float));
  }
}

/// All query heads of one row; vectors = padded / 16, at most 16.
INLINE void attend_row(const float *restrict queries, const struct ck_heads *heads,
                          const float *restrict key_values, const struct view *view,
                          size_t vectors, float cap, float *restrict scratch,
                          float *restrict out) {
  size_t padded = 16 * vectors, group = heads->queries / heads->key_values;
  size_t stride = 2 * heads->key_values * padded, length = padded_count(view->count);
  for (size_t head = 0; head < heads->key_values; head++) {
    const float *keys = key_values + head * padded;
    const float *values = keys + heads->key_values * padded;
    const float *query = queries + head * group * padded;
    float *target = out + head * group * heads->size;
    score_keys(query, group, keys, stride, view, vectors, scratch, length);
    for (size_t g = 0; g < group; g += 2) {
      size_t pair = group - g < 2 ? 1 : 2;
      float scale[2];
      for (size_t i = 0; i < pair; i++)
        scale[i] = soften(scratch + (g + i) * length, view->count, cap);
      if (pair == 2)
        mix_values(scratch + g * length, length, 2, values, stride, view, vectors, scale,
                   heads->size, target + g * heads->size);
      else
        mix_values(scratch + g * length, length, 1, values, stride, view, vectors, scale,
                   heads->size, target + g * heads->size);
    }
  }
}

void CK_CLONE(ck_attend)(const float *restrict query_rows, size_t rows, const struct ck_heads *heads,
               const float *restrict key_value_rows, const struct ck_key_range *restrict prefix,
               size_t prefix_count, struct ck_key_range last, size_t window, float cap,
               float *restrict scratch, float *restrict out) {
  size_t before = 0;
  for (size_t i = 0; i < prefix_count; i++) before += (size_t)prefix[i].count;
  for (size_t row = 0; row < rows; row++) {
    struct view view = {prefix, prefix_count, last, 0, before + (size_t)last.count};
    if (window && view.count > window) {
      view.skipped = view.count - window;
      view.count = window;
    }
    switch (heads->padded / 16) {
      case 1: attend_row(query_rows, heads, key_value_rows, &view, 1, cap, scratch, out); break;
      case 2: attend_row(query_rows, heads, key_value_rows, &view, 2, cap, scratch, out); break;
      case 3: attend_row(query_rows, heads, key_value_rows, &view, 3, cap, scratch, out); break;
      case 4: attend_row(query_rows, heads, key_value_rows, &view, 4, cap, scratch, out); break;
      case 5: attend_row(query_rows, heads, key_value_rows, &view, 5, cap, scratch, out); break;
      case 6: attend_row(query_rows, heads, key_value_rows, &view, 6, cap, scratch, out); break;
      case 8: attend_row(query_rows, heads, key_value_rows, &view, 8, cap, scratch, out); break;
      case 16: attend_row(query_rows, heads, key_value_rows, &view, 16, cap, scratch, out); break;
      default:
        attend_row(query_rows, heads, key_value_rows, &view, heads->padded / 16, cap, scratch,
                   out);
    }
    query_rows += heads->queries * heads->padded;
    out += heads->queries * heads->size;
    last.count += 1;
  }
}
