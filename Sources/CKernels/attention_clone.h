// Compiled once per CPU level; see clone_v4.c.
//
// A score is a sum over the dimensions, an output a sum over the keys, in a fixed order: whichever queries and
// keys are computed together, the bits are the same.

INLINE size_t padded_count(size_t keys) { return (keys + 15) & ~(size_t)15; }

/// Keys of a run of rows, by position. Positions before `skipped`, a multiple of 16, are seen by no row.
struct view {
  const struct ck_key_range *prefix;
  size_t prefix_count;
  struct ck_key_range last;  // for the last of the rows
  size_t skipped;
  size_t count;  // positions from `skipped` on
};

/// Queries that are computed together, and what each of them sees: positions from `start` to before `end`.
struct queries {
  const float *values[4];
  size_t start[4], end[4];
};

/// Range `index` of the view, without what is skipped; `position` becomes that of its first key.
INLINE struct ck_key_range range_of(const struct view *view, size_t index, size_t *position) {
  struct ck_key_range range = index < view->prefix_count ? view->prefix[index] : view->last;
  size_t before = *position, cut = 0;
  if (before < view->skipped) {
    cut = view->skipped - before;
    if (cut > (size_t)range.count) cut = (size_t)range.count;
  }
  *position = before + cut;
  range.start += (int32_t)cut;
  range.count -= (int32_t)cut;
  return range;
}

/// out[dimension][key] = rows[key][dimension] for 16 keys and dimensions.
INLINE void transpose_16(const float *const rows[16], size_t at, size_t dimensions,
                         float *restrict out) {
  f32x16 r[16];
  for (int i = 0; i < 16; i++) r[i] = load(rows[i] + at);
#define EXCHANGE(s, ...)                                                     \
  for (int i = 0; i < 16; i++)                                               \
    if (!(i & s)) {                                                          \
      f32x16 a = r[i], b = r[i + s];                                         \
      r[i] = __builtin_shufflevector(a, b, LOW_##s);                         \
      r[i + s] = __builtin_shufflevector(a, b, HIGH_##s);                    \
    }
#define LOW_8 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
#define HIGH_8 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31
#define LOW_4 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27
#define HIGH_4 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31
#define LOW_2 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define HIGH_2 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#define LOW_1 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30
#define HIGH_1 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31
  EXCHANGE(8) EXCHANGE(4) EXCHANGE(2) EXCHANGE(1)
#undef EXCHANGE
  for (size_t i = 0; i < dimensions; i++) store(out + 16 * i, r[i]);
}

/// out[position / 16][dimension][position % 16] = keys, so that 16 scores are computed at a time. Positions
/// after the last get some key.
INLINE void transpose_keys(const float *restrict keys, size_t stride, size_t size,
                           const struct view *view, float *restrict out) {
  size_t position = 0, place = 0;
  const float *rows[16];
  for (size_t index = 0; index <= view->prefix_count; index++) {
    struct ck_key_range range = range_of(view, index, &position);
    const float *key = keys + (size_t)range.start * stride;
    position += (size_t)range.count;
    for (int32_t j = 0; j < range.count; j++, key += stride) {
      rows[place++ % 16] = key;
      if (place == view->count)
        while (place % 16) rows[place++ % 16] = key;
      if (place % 16) continue;
      for (size_t d = 0; d < size; d += 16)
        transpose_16(rows, d, size - d < 16 ? size - d : 16, out + 16 * d);
      out += 16 * size;
    }
  }
}

/// sums[query][block] = query . key for one or two blocks of 16 keys. Every 32 dimensions are summed on their own
/// first: long sums lose digits.
INLINE void score_block(const struct queries *queries, size_t number, const float *restrict keys,
                        size_t size, size_t blocks, f32x16 sums[4][2]) {
  for (size_t q = 0; q < number; q++)
    for (size_t b = 0; b < blocks; b++) sums[q][b] = splat(0);
  for (size_t first = 0; first < size; first += 32) {
    size_t end = first + 32 < size ? first + 32 : size;
    f32x16 parts[4][2];
    for (size_t q = 0; q < number; q++)
      for (size_t b = 0; b < blocks; b++) parts[q][b] = splat(0);
    for (size_t d = first; d < end; d++) {
      f32x16 loaded[2];
      for (size_t b = 0; b < blocks; b++) loaded[b] = load(keys + 16 * (b * size + d));
      for (size_t q = 0; q < number; q++)
        for (size_t b = 0; b < blocks; b++)
          parts[q][b] = loaded[b] * queries->values[q][d] + parts[q][b];
    }
    for (size_t q = 0; q < number; q++)
      for (size_t b = 0; b < blocks; b++) sums[q][b] = sums[q][b] + parts[q][b];
  }
}

/// scores[query][position] = query . key for the positions of `blocks` blocks of 16 keys.
INLINE void score_blocks(const struct queries *queries, size_t number, const float *restrict keys,
                         size_t size, size_t blocks, float *restrict scores,
                         size_t scores_stride) {
  f32x16 sums[4][2];
  size_t block = 0;
  for (; block + 2 <= blocks; block += 2, keys += 32 * size, scores += 32) {
    score_block(queries, number, keys, size, 2, sums);
    for (size_t q = 0; q < number; q++) {
      store(scores + q * scores_stride, sums[q][0]);
      store(scores + q * scores_stride + 16, sums[q][1]);
    }
  }
  if (block < blocks) {
    score_block(queries, number, keys, size, 1, sums);
    for (size_t q = 0; q < number; q++) store(scores + q * scores_stride, sums[q][0]);
  }
}

INLINE float largest_lane(f32x16 v) {
  f32x16 w = __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  v = choose(w > v, w, v);
  w = __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
  v = choose(w > v, w, v);
  w = __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
  v = choose(w > v, w, v);
  return v[0] > v[1] ? v[0] : v[1];
}

/// Turns the scores from `start` to before `end` into exp(score - maximum), zero around them up to whole
/// vectors, and returns 1 / their sum. A positive cap turns a score s into cap * tanh(s / cap) first.
INLINE float soften(float *restrict scores, size_t start, size_t end, float cap) {
  size_t first = start & ~(size_t)15, padded = padded_count(end);
  if (cap > 0) {
    for (size_t i = first; i < start; i++) scores[i] = 0;
    for (size_t i = end; i < padded; i++) scores[i] = 0;
    for (size_t i = first; i < padded; i += 16)
      store(scores + i, cap * hyperbolic_tangent(load(scores + i) / cap));
  }
  for (size_t i = first; i < start; i++) scores[i] = -INFINITY;
  for (size_t i = end; i < padded; i++) scores[i] = -INFINITY;
  f32x16 maxima = load(scores + first);
  for (size_t i = first + 16; i < padded; i += 16) {
    f32x16 next = load(scores + i);
    maxima = choose(next > maxima, next, maxima);
  }
  float maximum = largest_lane(maxima);
  f32x16 sums = {0};
  for (size_t i = first; i < padded; i += 16) {
    f32x16 weight = exponential(load(scores + i) - maximum);
    sums = sums + weight;
    store(scores + i, weight);
  }
  return 1.0f / sum_lanes(sums);
}

/// sums[query] += weight * value over the positions from `from` to before `to`; vectors of the value at most 4.
INLINE void mix_values(const float *restrict weights, size_t weights_stride, size_t number,
                       const float *restrict values, size_t stride, const struct view *view,
                       size_t from, size_t to, size_t vectors, f32x16 sums[4][4]) {
  if (from >= to) return;
  size_t position = 0;
  f32x16 local[4][4];
  for (size_t q = 0; q < number; q++)
    for (size_t v = 0; v < vectors; v++) local[q][v] = sums[q][v];
  for (size_t index = 0; index <= view->prefix_count; index++) {
    struct ck_key_range range = range_of(view, index, &position);
    size_t first = position - view->skipped, end = first + (size_t)range.count;
    position += (size_t)range.count;
    if (position <= view->skipped) continue;
    size_t low = first < from ? from : first, high = end < to ? end : to;
    const float *value = values + ((size_t)range.start + (low - first)) * stride;
    for (size_t place = low; place < high; place++, value += stride) {
      f32x16 loaded[4];
      for (size_t v = 0; v < vectors; v++) loaded[v] = load(value + 16 * v);
      for (size_t q = 0; q < number; q++) {
        float weight = weights[q * weights_stride + place];
        for (size_t v = 0; v < vectors; v++) local[q][v] = loaded[v] * weight + local[q][v];
      }
    }
  }
  for (size_t q = 0; q < number; q++)
    for (size_t v = 0; v < vectors; v++) sums[q][v] = local[q][v];
}

/// out[query] = scale[query] * sum of weight * value over what the query sees, for a few vectors of the value.
INLINE void mix_queries(const struct queries *queries, size_t number, const float *restrict weights,
                        size_t weights_stride, const float *restrict values, size_t stride,
                        const struct view *view, size_t vectors, const float scale[4],
                        size_t size, float *const out[4]) {
  f32x16 sums[4][4];
  size_t from = 0, to = (size_t)-1;
  for (size_t q = 0; q < number; q++) {
    for (size_t v = 0; v < vectors; v++) sums[q][v] = splat(0);
    if (queries->start[q] > from) from = queries->start[q];
    if (queries->end[q] < to) to = queries->end[q];
  }
  if (from > to) from = to;
  for (size_t q = 0; q < number; q++)
    mix_values(weights + q * weights_stride, 0, 1, values, stride, view, queries->start[q], from,
               vectors, sums + q);
  mix_values(weights, weights_stride, number, values, stride, view, from, to, vectors, sums);
  for (size_t q = 0; q < number; q++) {
    size_t rest = queries->start[q] > to ? queries->start[q] : to;
    mix_values(weights + q * weights_stride, 0, 1, values, stride, view, rest, queries->end[q],
               vectors, sums + q);
    for (size_t v = 0; v < vectors; v++) {
      size_t left = size - 16 * v;
      f32x16 mixed = sums[q][v] * scale[q];
      if (left >= 16)
        store(out[q] + 16 * v, mixed);
      else
        store_part(out[q] + 16 * v, mixed, left);
    }
  }
}

/// Attention of some queries of one key-value head.
INLINE void attend_queries(const struct queries *queries, size_t number, const float *restrict keys,
                           const float *restrict values, size_t stride, const struct view *view,
                           size_t size, float cap, float *restrict scores, float *const out[4]) {
  size_t length = padded_count(view->count), end = 0;
  float scale[4];
  for (size_t q = 0; q < number; q++) end = queries->end[q] > end ? queries->end[q] : end;
  score_blocks(queries, number, keys, size, padded_count(end) / 16, scores, length);
  for (size_t q = 0; q < number; q++)
    scale[q] = soften(scores + q * length, queries->start[q], queries->end[q], cap);
  for (size_t done = 0; done < size; done += 64) {
    size_t left = size - done;
    float *target[4];
    for (size_t q = 0; q < number; q++) target[q] = out[q] + done;
    const float *value = values + done;
    if (left > 48)
      mix_queries(queries, number, scores, length, value, stride, view, 4, scale, left, target);
    else if (left > 32)
      mix_queries(queries, number, scores, length, value, stride, view, 3, scale, left, target);
    else if (left > 16)
      mix_queries(queries, number, scores, length, value, stride, view, 2, scale, left, target);
    else
      mix_queries(queries, number, scores, length, value, stride, view, 1, scale, left, target);
  }
}

void CK_CLONE(ck_attend)(const float *restrict query_rows, size_t rows, const struct ck_heads *heads,
               const float *restrict key_value_rows, const struct ck_key_range *restrict prefix,
               size_t prefix_count, struct ck_key_range last, size_t window, float cap,
               float *restrict scratch, float *restrict out) {
  if (rows == 0) return;
  size_t padded = heads->padded, size = heads->size, group = heads->queries / heads->key_values;
  size_t stride = 2 * heads->key_values * padded, before = 0;
  for (size_t i = 0; i < prefix_count; i++) before += (size_t)prefix[i].count;
  size_t first_end = before + (size_t)last.count;
  struct view view = {prefix, prefix_count, last, 0, 0};
  if (window && first_end > window) view.skipped = (first_end - window) & ~(size_t)15;
  view.last.count += (int32_t)(rows - 1);
  view.count = first_end + rows - 1 - view.skipped;
  float *keys = scratch, *scores = scratch + padded_count(view.count) * size;
  for (size_t head = 0; head < heads->key_values; head++) {
    const float *own = key_value_rows + head * padded;
    transpose_keys(own, stride, size, &view, keys);
    for (size_t first = 0; first < rows * group;) {
      struct queries queries;
      float *target[4];
      size_t number = rows * group - first < 4 ? 1 : 4;
      for (size_t q = 0; q < number; q++) {
        size_t row = (first + q) / group, place = head * group + (first + q) % group;
        size_t end = first_end + row;
        queries.values[q] = query_rows + (row * heads->queries + place) * padded;
        queries.end[q] = end - view.skipped;
        queries.start[q] = window && end > window ? end - window - view.skipped : 0;
        target[q] = out + (row * heads->queries + place) * size;
      }
      const float *values = own + heads->key_values * padded;
      if (number == 4)
        attend_queries(&queries, 4, keys, values, stride, &view, size, cap, scores, target);
      else
        attend_queries(&queries, 1, keys, values, stride, &view, size, cap, scores, target);
      first += number;
    }
  }
}
