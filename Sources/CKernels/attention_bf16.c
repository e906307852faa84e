#include "ck_decoder.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>

#pragma clang attribute push(__attribute__((target("arch=x86-64-v4,avx512bf16"))), apply_to = function)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"
#pragma clang fp contract(fast)

#define CK_HAS_MASKS 1
#include "vectors.h"

#include "attention_view.h"

// Products of pairs of bfloat16 with sums in single precision: 32 bits hold two neighbours, the first one in the
// low half. A score is a sum over pairs of dimensions, an output a sum over pairs of positions, in a fixed order;
// positions that a query does not see have the weight zero. So the bits of a result are the same whichever queries
// and keys are computed together.

/// Pairs of the longest head.
enum { longest_pairs = 128 };

INLINE __m512bh load_pairs(const uint32_t *source) {
  return (__m512bh)_mm512_loadu_si512(source);
}

INLINE __m512bh spread_pair(const uint32_t *source) {
  return (__m512bh)_mm512_set1_epi32((int)*source);
}

/// Neighbours of `count` values, 16 or at least 32, rounded: 8 or 16 pairs.
INLINE __m512bh round_neighbours(const float *x, size_t count) {
  f32x16 high = count > 16 ? load(x + 16) : splat(0);
  return _mm512_cvtne2ps_pbh((__m512)high, (__m512)load(x));
}

/// out[position / 16][pair of dimensions][position % 16] = keys. Positions after the last get some key.
INLINE void pair_keys(const float *restrict keys, size_t stride, size_t padded,
                      const struct view *view, uint32_t *restrict out) {
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
      for (size_t d = 0; d < padded; d += 32) {
        f32x16 r[16];
        for (int i = 0; i < 16; i++) r[i] = (f32x16)round_neighbours(rows[i] + d, padded - d);
        exchange_16(r);
        size_t pairs = padded - d < 32 ? 8 : 16;
        for (size_t i = 0; i < pairs; i++, out += 16) _mm512_storeu_ps(out, (__m512)r[i]);
      }
    }
  }
}

/// out[position / 2][dimension] = values; zeros after the last position up to a multiple of 16.
INLINE void pair_values(const float *restrict values, size_t stride, size_t padded,
                        const struct view *view, uint32_t *restrict out) {
  const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23,
                                         7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  size_t position = 0, place = 0;
  const float *even = values;
  for (size_t index = 0; index <= view->prefix_count; index++) {
    struct ck_key_range range = range_of(view, index, &position);
    const float *value = values + (size_t)range.start * stride;
    position += (size_t)range.count;
    for (int32_t j = 0; j < range.count; j++, value += stride) {
      size_t is_odd = place++ % 2;
      if (!is_odd) even = value;
      if (!is_odd && place < view->count) continue;
      for (size_t d = 0; d < padded; d += 16, out += 16) {
        f32x16 odd = is_odd ? load(value + d) : splat(0);
        __m512i both = (__m512i)_mm512_cvtne2ps_pbh((__m512)odd, (__m512)load(even + d));
        _mm512_storeu_si512(out, _mm512_permutexvar_epi16(order, both));
      }
    }
  }
  size_t written = (place + 1) / 2, wanted = padded_count(place) / 2;
  memset(out, 0, (wanted - written) * padded * sizeof *out);
}

/// scores[query][position] = query . key for the positions of a few blocks of 16 keys.
INLINE void score_block(const uint32_t query[4][longest_pairs], size_t number,
                        const uint32_t *restrict keys, size_t pairs, size_t blocks,
                        float *restrict scores, size_t scores_stride) {
  __m512 sums[4][4];
  for (size_t q = 0; q < number; q++)
    for (size_t b = 0; b < blocks; b++) sums[q][b] = _mm512_setzero_ps();
  for (size_t pair = 0; pair < pairs; pair++) {
    __m512bh loaded[4];
    for (size_t b = 0; b < blocks; b++) loaded[b] = load_pairs(keys + 16 * (b * pairs + pair));
    for (size_t q = 0; q < number; q++) {
      __m512bh own = spread_pair(&query[q][pair]);
      for (size_t b = 0; b < blocks; b++)
        sums[q][b] = _mm512_dpbf16_ps(sums[q][b], own, loaded[b]);
    }
  }
  for (size_t q = 0; q < number; q++)
    for (size_t b = 0; b < blocks; b++)
      _mm512_storeu_ps(scores + q * scores_stride + 16 * b, sums[q][b]);
}

/// e^x for x <= 0 within 4e-6 of itself; 0 below -87.3, NaN stays NaN.
INLINE __m512 exponential_of_negative(__m512 x) {
  const __m512 low = _mm512_set1_ps(-87.3f);
  __mmask16 is_seen = _mm512_cmp_ps_mask(x, low, _CMP_NLT_UQ);
  __m512 clamped = _mm512_max_ps(low, x);
  __m512 n = _mm512_roundscale_ps(clamped * 1.44269504f, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  __m512 r = clamped - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  __m512 p = _mm512_set1_ps(8.3334519073e-3f);
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  return _mm512_maskz_scalef_ps(is_seen, p, n);
}

/// weights = exp(score - maximum) of the scores from `start` to before `end`, rounded, and zero around them from
/// `from` to before `to`, multiples of 16; returns 1 / the sum of what is not rounded. A positive cap turns a
/// score s into cap * tanh(s / cap) first.
INLINE float soften(float *restrict scores, size_t from, size_t start, size_t end, size_t to,
                    float cap, uint16_t *restrict weights) {
  if (cap > 0) {
    for (size_t i = from; i < start; i++) scores[i] = 0;
    for (size_t i = end; i < to; i++) scores[i] = 0;
    for (size_t i = from; i < to; i += 16)
      store(scores + i, cap * hyperbolic_tangent(load(scores + i) / cap));
  }
  for (size_t i = from; i < start; i++) scores[i] = -INFINITY;
  for (size_t i = end; i < to; i++) scores[i] = -INFINITY;
  f32x16 maxima = load(scores + from);
  for (size_t i = from + 16; i < to; i += 16) {
    f32x16 next = load(scores + i);
    maxima = choose(next > maxima, next, maxima);
  }
  float maximum = largest_lane(maxima);
  f32x16 sums = {0};
  for (size_t i = from; i < to; i += 16) {
    __m512 weight = exponential_of_negative((__m512)(load(scores + i) - maximum));
    sums = sums + (f32x16)weight;
    _mm256_storeu_si256((__m256i *)(weights + i), (__m256i)_mm512_cvtneps_pbh(weight));
  }
  return 1.0f / sum_lanes(sums);
}

/// out[query] = scale[query] * sum of weight * value over pairs of positions, for a few vectors of the value.
INLINE void mix_pairs(const uint16_t *restrict weights, size_t weights_stride, size_t number,
                      const uint32_t *restrict values, size_t padded, size_t from, size_t to,
                      size_t vectors, const float scale[4], size_t size, float *const out[4]) {
  __m512 sums[4][4];
  for (size_t q = 0; q < number; q++)
    for (size_t v = 0; v < vectors; v++) sums[q][v] = _mm512_setzero_ps();
  for (size_t place = from; place < to; place += 2) {
    const uint32_t *value = values + place / 2 * padded;
    __m512bh loaded[4];
    for (size_t v = 0; v < vectors; v++) loaded[v] = load_pairs(value + 16 * v);
    for (size_t q = 0; q < number; q++) {
      uint32_t pair;
      memcpy(&pair, weights + q * weights_stride + place, sizeof pair);
      __m512bh weight = spread_pair(&pair);
      for (size_t v = 0; v < vectors; v++)
        sums[q][v] = _mm512_dpbf16_ps(sums[q][v], weight, loaded[v]);
    }
  }
  for (size_t q = 0; q < number; q++)
    for (size_t v = 0; v < vectors; v++) {
      f32x16 mixed = (f32x16)sums[q][v] * scale[q];
      size_t left = size - 16 * v;
      if (left >= 16)
        store(out[q] + 16 * v, mixed);
      else
        store_part(out[q] + 16 * v, mixed, left);
    }
}

/// One head's keys and values, and room for four queries.
struct paired_head {
  uint32_t *keys, *values;
  float *scores;
  uint16_t *weights;
  size_t length;  // of scores and weights of a query
  size_t padded, size;
};

/// Attention of some queries of one key-value head.
INLINE void attend_queries(const struct queries *queries, size_t number,
                           const struct paired_head *head, float cap) {
  size_t padded = head->padded, pairs = padded / 2, length = head->length;
  uint32_t rounded[4][longest_pairs];
  float scale[4];
  size_t from = (size_t)-1, to = 0;
  for (size_t q = 0; q < number; q++) {
    for (size_t d = 0; d < padded; d += 32)
      _mm512_storeu_si512(rounded[q] + d / 2,
                          (__m512i)round_neighbours(queries->values[q] + d, padded - d));
    if (queries->start[q] < from) from = queries->start[q];
    if (queries->end[q] > to) to = queries->end[q];
  }
  from &= ~(size_t)15;
  to = padded_count(to);
  size_t block = from / 16, blocks = to / 16;
  for (; block + 4 <= blocks; block += 4)
    score_block(rounded, number, head->keys + 16 * block * pairs, pairs, 4,
                head->scores + 16 * block, length);
  const uint32_t *rest = head->keys + 16 * block * pairs;
  float *scores = head->scores + 16 * block;
  switch (blocks - block) {
    case 3: score_block(rounded, number, rest, pairs, 3, scores, length); break;
    case 2: score_block(rounded, number, rest, pairs, 2, scores, length); break;
    case 1: score_block(rounded, number, rest, pairs, 1, scores, length); break;
  }
  for (size_t q = 0; q < number; q++)
    scale[q] = soften(head->scores + q * length, from, queries->start[q], queries->end[q], to, cap,
                      head->weights + q * length);
  for (size_t done = 0; done < head->size; done += 64) {
    size_t left = head->size - done;
    float *target[4];
    for (size_t q = 0; q < number; q++) target[q] = queries->out[q] + done;
    const uint32_t *values = head->values + done;
#define MIX(vectors)                                                                             \
  mix_pairs(head->weights, length, number, values, padded, from, to, vectors, scale, left, target)
    if (left > 48)
      MIX(4);
    else if (left > 32)
      MIX(3);
    else if (left > 16)
      MIX(2);
    else
      MIX(1);
#undef MIX
  }
}

static void attend_pairs(const float *restrict query_rows, size_t rows,
                         const struct ck_heads *heads, const float *restrict key_value_rows,
                         const struct ck_key_range *restrict prefix, size_t prefix_count,
                         struct ck_key_range last, size_t window, float cap,
                         float *restrict scratch, float *restrict out) {
  struct run run = run_of(query_rows, rows, heads, prefix, prefix_count, last, window, out);
  size_t padded = heads->padded, count = rows * heads->queries / heads->key_values;
  size_t stride = 2 * heads->key_values * padded, length = padded_count(run.view.count);
  struct paired_head own = {.length = length, .padded = padded, .size = heads->size};
  own.keys = (uint32_t *)scratch;
  own.values = own.keys + length * padded / 2;
  own.scores = scratch + length * padded;
  own.weights = (uint16_t *)(own.scores + 4 * length);
  for (size_t head = 0; head < heads->key_values; head++) {
    const float *keys = key_value_rows + head * padded;
    pair_keys(keys, stride, padded, &run.view, own.keys);
    pair_values(keys + heads->key_values * padded, stride, padded, &run.view, own.values);
    size_t first = 0;
    for (; first + 4 <= count; first += 4) {
      struct queries queries = queries_of(&run, head, first, 4);
      attend_queries(&queries, 4, &own, cap);
    }
    for (; first < count; first++) {
      struct queries queries = queries_of(&run, head, first, 1);
      attend_queries(&queries, 1, &own, cap);
    }
  }
}

#pragma clang diagnostic pop
#pragma clang attribute pop

static int has_pair_products(void) {
  static int known = -1;
  int value = __atomic_load_n(&known, __ATOMIC_RELAXED);
  if (value < 0) {
    __builtin_cpu_init();
    value = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
            __builtin_cpu_supports("avx512bf16");
    __atomic_store_n(&known, value, __ATOMIC_RELAXED);
  }
  return value;
}

void ck_attend_bf16(const float *restrict query_rows, size_t rows, const struct ck_heads *heads,
                    const float *restrict key_value_rows, const struct ck_key_range *restrict prefix,
                    size_t prefix_count, struct ck_key_range last, size_t window, float cap,
                    float *restrict scratch, float *restrict out) {
  if (rows == 0) return;
  if (!has_pair_products()) {
    ck_attend(query_rows, rows, heads, key_value_rows, prefix, prefix_count, last, window, cap,
              scratch, out);
    return;
  }
  attend_pairs(query_rows, rows, heads, key_value_rows, prefix, prefix_count, last, window, cap,
               scratch, out);
}

#else

void ck_attend_bf16(const float *restrict query_rows, size_t rows, const struct ck_heads *heads,
                    const float *restrict key_value_rows, const struct ck_key_range *restrict prefix,
                    size_t prefix_count, struct ck_key_range last, size_t window, float cap,
                    float *restrict scratch, float *restrict out) {
  ck_attend(query_rows, rows, heads, key_value_rows, prefix, prefix_count, last, window, cap, scratch,
            out);
}

#endif
