// Compiled once per CPU level; see clone_v4.c.
//
// A score is a sum over the dimensions, an output a sum over the keys, in a fixed order: whichever queries and
// keys are computed together, the bits are the same.

/// out[dimension][key] = rows[key][dimension] for 16 keys and dimensions.
INLINE void transpose_16(const float *const rows[16], size_t at, size_t dimensions,
                         float *restrict out) {
  f32x16 r[16];
  for (int i = 0; i < 16; i++) r[i] = load(rows[i] + at);
  exchange_16(r);
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
                           size_t size, float cap, float *restrict scores) {
  size_t length = padded_count(view->count), end = 0;
  float scale[4];
  for (size_t q = 0; q < number; q++) end = queries->end[q] > end ? queries->end[q] : end;
  score_blocks(queries, number, keys, size, padded_count(end) / 16, scores, length);
  for (size_t q = 0; q < number; q++)
    scale[q] = soften(scores + q * length, queries->start[q], queries->end[q], cap);
  for (size_t done = 0; done < size; done += 64) {
    size_t left = size - done;
    float *target[4];
    for (size_t q = 0; q < number; q++) target[q] = queries->out[q] + done;
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
  struct run run =
      run_of(query_rows, rows, heads, prefix, prefix_count, last, window, out);
  size_t padded = heads->padded, size = heads->size, count = rows * heads->queries / heads->key_values;
  size_t stride = 2 * heads->key_values * padded;
  float *keys = scratch, *scores = scratch + padded_count(run.view.count) * size;
  for (size_t head = 0; head < heads->key_values; head++) {
    const float *own = key_value_rows + head * padded;
    const float *values = own + heads->key_values * padded;
    transpose_keys(own, stride, size, &run.view, keys);
    size_t first = 0;
    for (; first + 4 <= count; first += 4) {
      struct queries queries = queries_of(&run, head, first, 4);
      attend_queries(&queries, 4, keys, values, stride, &run.view, size, cap, scores);
    }
    for (; first < count; first++) {
      struct queries queries = queries_of(&run, head, first, 1);
      attend_queries(&queries, 1, keys, values, stride, &run.view, size, cap, scores);
    }
  }
}
