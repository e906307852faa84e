// What the attention kernels share; compiled with each of them.

INLINE size_t padded_count(size_t keys) { return (keys + 15) & ~(size_t)15; }

/// Keys of a run of rows, by position. Positions before `skipped`, a multiple of 16, are seen by no row.
struct view {
  const struct ck_key_range *prefix;
  size_t prefix_count;
  struct ck_key_range last;  // for the last of the rows
  size_t skipped;
  size_t count;  // positions from `skipped` on
};

/// Consecutive rows of one path, and what they see.
struct run {
  const float *queries;
  size_t rows;
  const struct ck_heads *heads;
  struct view view;
  size_t first_end;  // positions before this one are seen by the first row
  size_t window;
  float *out;
};

/// Queries that are computed together, what each of them sees, positions from `start` to before `end`, and where
/// the result goes.
struct queries {
  const float *values[4];
  size_t start[4], end[4];
  float *out[4];
};

INLINE struct run run_of(const float *queries, size_t rows, const struct ck_heads *heads,
                         const struct ck_key_range *prefix, size_t prefix_count,
                         struct ck_key_range last, size_t window, float *out) {
  struct run run = {queries, rows, heads, {prefix, prefix_count, last, 0, 0}, 0, window, out};
  run.first_end = (size_t)last.count;
  for (size_t i = 0; i < prefix_count; i++) run.first_end += (size_t)prefix[i].count;
  if (window && run.first_end > window) run.view.skipped = (run.first_end - window) & ~(size_t)15;
  run.view.last.count += (int32_t)(rows - 1);
  run.view.count = run.first_end + rows - 1 - run.view.skipped;
  return run;
}

/// The queries of one key-value head from number `first` on, in order of the row.
INLINE struct queries queries_of(const struct run *run, size_t head, size_t first, size_t number) {
  struct queries queries;
  size_t group = run->heads->queries / run->heads->key_values;
  for (size_t q = 0; q < number; q++) {
    size_t row = (first + q) / group, end = run->first_end + row;
    size_t place = row * run->heads->queries + head * group + (first + q) % group;
    queries.values[q] = run->queries + place * run->heads->padded;
    queries.end[q] = end - run->view.skipped;
    queries.start[q] =
        run->window && end > run->window ? end - run->window - run->view.skipped : 0;
    queries.out[q] = run->out + place * run->heads->size;
  }
  return queries;
}

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

/// Turns 16 rows of 16 lanes into 16 columns.
INLINE void exchange_16(f32x16 r[16]) {
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
