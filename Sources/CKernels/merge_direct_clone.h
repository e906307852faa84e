// Compiled once per CPU level; see merge_direct_v4.c.

typedef uint16_t u16x16 __attribute__((vector_size(32)));
typedef uint16_t u16x32 __attribute__((vector_size(64)));
typedef uint32_t u32x16 __attribute__((vector_size(64)));
typedef uint64_t u64x8 __attribute__((vector_size(64)));

enum {
  /// Two vectors are written together: 32 results of 16 bits fill a cache line.
  STEP = 32,
  /// Elements that pass through the stages of a merge together; their rows stay in the first cache.
  BLOCK = 256,
};

// Stored elements ---------------------------------------------------------------------------------

INLINE f32x16 widen_f16(u16x16 stored) {
  u32x16 half = __builtin_convertvector(stored, u32x16);
  u32x16 sign = (half & 0x8000) << 16;
  u32x16 shifted = (half & 0x7FFF) << 13;
  f32x16 offset = (f32x16)((u32x16){0} + (113u << 23));
  u32x16 normal = shifted + (112u << 23);
  u32x16 subnormal = (u32x16)((f32x16)(shifted + (113u << 23)) - offset);
  u32x16 quiet = (u32x16)(shifted > (31u << 23)) & 0x00400000;
  u32x16 special = shifted | 0x7F800000 | quiet;
  i32x16 is_subnormal = (i32x16)(shifted < (1u << 23));
  i32x16 is_special = (i32x16)(shifted >= (31u << 23));
  f32x16 value = choose(is_subnormal, (f32x16)subnormal, (f32x16)normal);
  value = choose(is_special, (f32x16)special, value);
  return (f32x16)(sign | (u32x16)value);
}

INLINE f32x16 widened(u16x16 stored, enum ck_stored format) {
  if (format == CK_STORED_F16) return widen_f16(stored);
  return (f32x16)(__builtin_convertvector(stored, u32x16) << 16);
}

/// Sixteen elements from `index` on, of which `count` exist; the others are 0.
INLINE f32x16 read_part(const void *source, enum ck_stored format, size_t index, size_t count) {
  if (format == CK_STORED_F32) {
    f32x16 value = {0};
    memcpy(&value, (const char *)source + 4 * index, 4 * count);
    return value;
  }
  u16x16 stored = {0};
  memcpy(&stored, (const char *)source + 2 * index, 2 * count);
  return widened(stored, format);
}

INLINE f32x16 read(const void *source, enum ck_stored format, size_t index) {
  if (format == CK_STORED_F32) {
    f32x16 value;
    memcpy(&value, (const char *)source + 4 * index, sizeof value);
    return value;
  }
  u16x16 stored;
  memcpy(&stored, (const char *)source + 2 * index, sizeof stored);
  return widened(stored, format);
}

// Results -----------------------------------------------------------------------------------------

INLINE u32x16 bf16_bits(f32x16 value) {
  u32x16 bits = (u32x16)value;
  u32x16 rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  u32x16 quiet = (bits >> 16) | 0x40;
  i32x16 is_nan = (i32x16)((bits & 0x7FFFFFFF) > 0x7F800000);
  return (u32x16)choose(is_nan, (f32x16)quiet, (f32x16)rounded);
}

INLINE u32x16 f16_bits(f32x16 value) {
  u32x16 bits = (u32x16)value;
  u32x16 sign = (bits >> 16) & 0x8000;
  u32x16 magnitude = bits & 0x7FFFFFFF;
  u32x16 normal = (magnitude - (112u << 23) + 0xFFF + ((magnitude >> 13) & 1)) >> 13;
  u32x16 subnormal = (u32x16)((f32x16)magnitude + 0.5f) - 0x3F000000;
  f32x16 result =
      choose((i32x16)(magnitude < (113u << 23)), (f32x16)subnormal, (f32x16)normal);
  result = choose(
      (i32x16)(magnitude >= 0x477FF000), (f32x16)((u32x16){0} + 0x7C00), result);
  result = choose(
      (i32x16)(magnitude > 0x7F800000), (f32x16)(((magnitude >> 13) & 0x3FF) | 0x7E00), result);
  return sign | (u32x16)result;
}

INLINE u16x16 narrowed(f32x16 value, enum ck_result kind) {
  u32x16 bits = kind == CK_RESULT_F16 ? f16_bits(value) : bf16_bits(value);
  return __builtin_convertvector(bits, u16x16);
}

INLINE f32x16 rounded(f32x16 value, enum ck_result kind) {
  if (kind == CK_RESULT_F32_OF_BF16) return (f32x16)(bf16_bits(value) << 16);
  if (kind == CK_RESULT_F32_OF_F16) {
    return widen_f16(__builtin_convertvector(f16_bits(value), u16x16));
  }
  return value;
}

INLINE bool is_narrow(enum ck_result kind) {
  return kind == CK_RESULT_F16 || kind == CK_RESULT_BF16;
}

/// `count` of sixteen results.
INLINE void write_part(
    const struct ck_merge_target *target, size_t index, f32x16 value, size_t count) {
  if (is_narrow(target->kind)) {
    u16x16 bits = narrowed(value, target->kind);
    memcpy((char *)target->values + 2 * index, &bits, 2 * count);
  } else {
    f32x16 result = rounded(value, target->kind);
    memcpy((char *)target->values + 4 * index, &result, 4 * count);
  }
}

/// Thirty-two results; where they are streamed, they begin at a multiple of 64 bytes.
INLINE void write(
    const struct ck_merge_target *target, size_t index, f32x16 first, f32x16 second) {
  if (is_narrow(target->kind)) {
    u16x32 bits = __builtin_shufflevector(
        narrowed(first, target->kind), narrowed(second, target->kind), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
        10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
    char *place = (char *)target->values + 2 * index;
    if (target->streaming) {
      __builtin_nontemporal_store(bits, (u16x32 *)place);
    } else {
      memcpy(place, &bits, sizeof bits);
    }
  } else {
    first = rounded(first, target->kind);
    second = rounded(second, target->kind);
    char *place = (char *)target->values + 4 * index;
    if (target->streaming) {
      __builtin_nontemporal_store(first, (f32x16 *)place);
      __builtin_nontemporal_store(second, (f32x16 *)(place + sizeof first));
    } else {
      memcpy(place, &first, sizeof first);
      memcpy(place + sizeof first, &second, sizeof second);
    }
  }
}

/// How many results come before the first that may be streamed.
INLINE size_t results_before_line(const struct ck_merge_target *target, size_t count) {
  if (!target->streaming) return 0;
  size_t width = is_narrow(target->kind) ? 2 : 4;
  size_t before = (64 - (uintptr_t)target->values % 64) % 64 / width;
  return before < count ? before : count;
}

// Weighted sums -----------------------------------------------------------------------------------

INLINE void sum_part(
    const void *const *inputs, enum ck_stored format, const float *weights, size_t terms,
    float divisor, const struct ck_merge_target *target, size_t index, size_t count) {
  f32x16 sum = {0};
  for (size_t k = 0; k < terms; k++) {
    sum = sum + weights[k] * read_part(inputs[k], format, index, count);
  }
  if (divisor != 1.0f) sum = sum / divisor;
  write_part(target, index, sum, count);
}

INLINE void sum_all(
    const void *const *inputs, enum ck_stored format, const float *weights, size_t terms,
    float divisor, const struct ck_merge_target *target, size_t count) {
  size_t i = 0;
  size_t start = results_before_line(target, count);
  while (i < start) {
    size_t part = start - i < 16 ? start - i : 16;
    sum_part(inputs, format, weights, terms, divisor, target, i, part);
    i += part;
  }
  for (; i + 2 * STEP <= count; i += 2 * STEP) {
    f32x16 a = {0}, b = {0}, c = {0}, d = {0};
    for (size_t k = 0; k < terms; k++) {
      float weight = weights[k];
      a = a + weight * read(inputs[k], format, i);
      b = b + weight * read(inputs[k], format, i + 16);
      c = c + weight * read(inputs[k], format, i + 32);
      d = d + weight * read(inputs[k], format, i + 48);
    }
    if (divisor != 1.0f) {
      a = a / divisor;
      b = b / divisor;
      c = c / divisor;
      d = d / divisor;
    }
    write(target, i, a, b);
    write(target, i + STEP, c, d);
  }
  while (i < count) {
    size_t part = count - i < 16 ? count - i : 16;
    sum_part(inputs, format, weights, terms, divisor, target, i, part);
    i += part;
  }
}

void CK_CLONE(ck_merge_direct_sum)(
    const void *const *inputs, enum ck_stored stored, const float *weights, size_t terms,
    float divisor, const struct ck_merge_target *target, size_t count) {
  switch (stored) {
    case CK_STORED_F32:
      return sum_all(inputs, CK_STORED_F32, weights, terms, divisor, target, count);
    case CK_STORED_F16:
      return sum_all(inputs, CK_STORED_F16, weights, terms, divisor, target, count);
    case CK_STORED_BF16:
      return sum_all(inputs, CK_STORED_BF16, weights, terms, divisor, target, count);
  }
}

// Random words ------------------------------------------------------------------------------------

enum {
  /// Most vectors of eight counters that run through the rounds side by side, as rounds depend on each other.
  PHILOX_VECTORS = 4,
  /// Room for the words of a block that begins anywhere.
  BLOCK_WORDS = BLOCK + 2 * 32 * PHILOX_VECTORS,
};

/// The words of 32 * vectors elements, Philox4x32-10 of the counters (low + lane, high, 0, 0), of which
/// none passes 2^32.
INLINE void philox_elements(
    uint64_t key, uint32_t low, uint32_t high, uint32_t vectors, uint32_t *words) {
  const uint32_t M0 = 0xD2511F53, M1 = 0xCD9E8D57, W0 = 0x9E3779B9, W1 = 0xBB67AE85;
  const u64x8 zero = {0}, low_half = zero + 0xFFFFFFFF;
  // A word sits in the lower half of a lane; what the upper halves hold never matters.
  u64x8 c0[PHILOX_VECTORS], c1[PHILOX_VECTORS], c2[PHILOX_VECTORS], c3[PHILOX_VECTORS];
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  // The first two rounds, where c1 is the same in all lanes and c2 and c3 are 0.
  uint64_t same = (uint64_t)(high ^ k0) * M0;
  uint64_t same_high = (uint32_t)(same >> 32) ^ (k1 + W1), same_low = (uint32_t)same;
  for (uint32_t v = 0; v < vectors; v++) {
    u64x8 counter = (u64x8){0, 1, 2, 3, 4, 5, 6, 7} + (low + 8 * v);
    u64x8 product = (counter & low_half) * M0;
    u64x8 second = (((product >> 32) ^ k1) & low_half) * M1;
    c0[v] = (second >> 32) ^ (uint64_t)(k0 + W0);
    c1[v] = second;
    c2[v] = product ^ same_high;
    c3[v] = zero + same_low;
  }
  k0 += 2 * W0;
  k1 += 2 * W1;
#pragma clang loop unroll(full)
  for (int round = 2; round < 10; round++) {
    for (uint32_t v = 0; v < vectors; v++) {
      u64x8 p0 = (c0[v] & low_half) * M0, p1 = (c2[v] & low_half) * M1;
      c0[v] = (p1 >> 32) ^ c1[v] ^ (uint64_t)k0;
      c1[v] = p1;
      c2[v] = (p0 >> 32) ^ c3[v] ^ (uint64_t)k1;
      c3[v] = p0;
    }
    k0 += W0;
    k1 += W1;
  }
  for (uint32_t v = 0; v < vectors; v++) {
    u64x8 front = (c0[v] & low_half) | (c1[v] << 32);
    u64x8 back = (c2[v] & low_half) | (c3[v] << 32);
    u64x8 first = __builtin_shufflevector(front, back, 0, 8, 1, 9, 2, 10, 3, 11);
    u64x8 second = __builtin_shufflevector(front, back, 4, 12, 5, 13, 6, 14, 7, 15);
    memcpy(words + 32 * v, &first, sizeof first);
    memcpy(words + 32 * v + 16, &second, sizeof second);
  }
}

/// Fills `words` so that those of elements first ..< first + count stand at the returned place.
INLINE const uint32_t *mask_words(uint64_t key, uint64_t first, size_t count, uint32_t *words) {
  enum { HALF = PHILOX_VECTORS / 2 };
  size_t skip = (size_t)(first % (32 * HALF));
  for (size_t done = 0, step; done < count + skip; done += step) {
    uint64_t counter = (first - skip + done) / 4;
    uint32_t low = (uint32_t)counter, high = (uint32_t)(counter >> 32);
    // Half as many start at a multiple of their number, so they never pass 2^32.
    if (count + skip - done <= 32 * HALF || low > UINT32_MAX - 8 * PHILOX_VECTORS) {
      step = 32 * HALF;
      philox_elements(key, low, high, HALF, words + done);
    } else {
      step = 32 * PHILOX_VECTORS;
      philox_elements(key, low, high, PHILOX_VECTORS, words + done);
    }
  }
  return words + skip;
}

void CK_CLONE(ck_merge_words)(
    uint64_t key, uint64_t first, uint32_t *restrict words, size_t count) {
  uint32_t block[BLOCK_WORDS];
  for (size_t start = 0, part; start < count; start += part) {
    part = count - start < BLOCK ? count - start : BLOCK;
    const uint32_t *placed = mask_words(key, first + start, part, block);
    memcpy(words + start, placed, part * sizeof *words);
  }
}

// Task vectors ------------------------------------------------------------------------------------

// Rows of a block hold BLOCK elements; what lies beyond the last element is computed and not used.

INLINE void read_block(
    const void *source, enum ck_stored format, size_t index, size_t count, float *row) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16) store(row + i, read(source, format, index + i));
  if (i < count) store(row + i, read_part(source, format, index + i, count - i));
}

/// row[i] = ((row[i] - base[i]) * scale) * weight.
INLINE void weigh_block(
    const struct ck_merge_term *term, const float *base, float *row, size_t count) {
  for (size_t i = 0; i < count; i += 16) {
    store(row + i, ((load(row + i) - load(base + i)) * term->scale) * term->weight);
  }
}

/// As weigh_block where the key of the difference exceeds `bound`; else 0.
INLINE void keep_above(
    const struct ck_merge_term *term, int32_t bound, const float *base, float *row, size_t count) {
  for (size_t i = 0; i < count; i += 16) {
    f32x16 delta = load(row + i) - load(base + i);
    f32x16 kept = (delta * term->scale) * term->weight;
    i32x16 survives = ((i32x16)delta & 0x7FFFFFFF) > bound;
    store(row + i, (f32x16)((i32x16)kept & survives));
  }
}

/// As weigh_block where the key of the difference exceeds `bound` and is at most `most`; else 0.
INLINE void keep_between(
    const struct ck_merge_term *term, int32_t bound, int32_t most, const float *base, float *row,
    size_t count) {
  for (size_t i = 0; i < count; i += 16) {
    f32x16 delta = load(row + i) - load(base + i);
    f32x16 kept = (delta * term->scale) * term->weight;
    i32x16 key = (i32x16)delta & 0x7FFFFFFF;
    store(row + i, (f32x16)((i32x16)kept & (key > bound) & (key <= most)));
  }
}

/// As keep_between, element by element: those before number `ties` may equal the cut, those before number
/// `high_ties` must stay below the upper cut.
INLINE void keep_tied(
    const struct ck_merge_term *term, int32_t high, size_t ties, size_t high_ties,
    const float *base, float *row, size_t count) {
  for (size_t i = 0; i < count; i++) {
    float delta = row[i] - base[i];
    float kept = (delta * term->scale) * term->weight;
    int32_t key;
    memcpy(&key, &delta, sizeof key);
    key &= 0x7FFFFFFF;
    int survives = key > (int32_t)term->cut - (i < ties) && key <= high - (i < high_ties);
    row[i] = survives ? kept : 0.0f;
  }
}

/// As weigh_block where the element's bit is set; else 0. Bit `bit` belongs to element 0.
INLINE void keep_listed(
    const struct ck_merge_term *term, uint64_t bit, const float *base, float *row, size_t count) {
  const i32x16 lanes = {1,      1 << 1, 1 << 2,  1 << 3,  1 << 4,  1 << 5,  1 << 6,  1 << 7,
                        1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13, 1 << 14, 1 << 15};
  for (size_t i = 0; i < count; i += 16) {
    uint64_t place = bit + i, shift = place % 64;
    size_t width = count - i < 16 ? count - i : 16;
    uint64_t word = term->bits[place / 64] >> shift;
    if (shift + width > 64) word |= term->bits[place / 64 + 1] << (64 - shift);
    f32x16 kept = ((load(row + i) - load(base + i)) * term->scale) * term->weight;
    i32x16 survives = ((i32x16){0} + (int32_t)(word & 0xFFFF) & lanes) != 0;
    store(row + i, (f32x16)((i32x16)kept & survives));
  }
}

/// As weigh_block where the word is at most `last`; else 0.
INLINE void keep_masked(
    const struct ck_merge_term *term, uint32_t last, const uint32_t *words, const float *base,
    float *row, size_t count) {
  for (size_t i = 0; i < count; i += 16) {
    f32x16 kept = ((load(row + i) - load(base + i)) * term->scale) * term->weight;
    u32x16 word;
    memcpy(&word, words + i, sizeof word);
    store(row + i, (f32x16)((i32x16)kept & (i32x16)(word <= last)));
  }
}

/// Turns the row of a term, element `index` of the range first, into its weighted survivors.
INLINE void thin_block(
    const struct ck_merge_term *term, const float *base, uint64_t first, size_t index, size_t count,
    float *row) {
  switch (term->survivors) {
    case CK_KEEP_ALL: return weigh_block(term, base, row, count);
    case CK_KEEP_MAGNITUDES: {
      int32_t cut = (int32_t)term->cut;
      if (term->ties <= index) return keep_above(term, cut, base, row, count);
      if (term->ties >= index + count) return keep_above(term, cut - 1, base, row, count);
      return keep_tied(term, INT32_MAX, term->ties - index, 0, base, row, count);
    }
    case CK_KEEP_BAND: {
      size_t ties = term->ties > index ? term->ties - index : 0;
      size_t high_ties = term->high_ties > index ? term->high_ties - index : 0;
      int32_t cut = (int32_t)term->cut, high = (int32_t)term->high;
      if ((ties == 0 || ties >= count) && (high_ties == 0 || high_ties >= count)) {
        return keep_between(term, cut - (ties > 0), high - (high_ties > 0), base, row, count);
      }
      return keep_tied(term, high, ties, high_ties, base, row, count);
    }
    case CK_KEEP_LISTED: return keep_listed(term, first + index, base, row, count);
    case CK_KEEP_MASKED: {
      if (term->threshold == 0) {
        memset(row, 0, BLOCK * sizeof *row);
        return;
      }
      uint32_t words[BLOCK_WORDS];
      const uint32_t *placed = mask_words(term->key, first + index, count, words);
      return keep_masked(term, (uint32_t)(term->threshold - 1), placed, base, row, count);
    }
  }
}

/// row 0 = row 0 + lambda * (the sum of the other rows / divisor).
INLINE void sum_rows(
    float (*rows)[BLOCK], size_t terms, const struct ck_task_vector_sum *sum, size_t count) {
  for (size_t i = 0; i < count; i += 16) {
    f32x16 total = {0};
    for (size_t k = 1; k <= terms; k++) total = total + load(rows[k] + i);
    if (sum->divisor != 1.0f) total = total / sum->divisor;
    store(rows[0] + i, load(rows[0] + i) + sum->lambda * total);
  }
}

/// row 0 = row 0 + lambda * (the sum of those of the other rows that have the elected sign), which is
/// divided by the sum of their weights.
INLINE void elect_rows(
    float (*rows)[BLOCK], const struct ck_merge_term *term, size_t terms,
    const struct ck_task_vector_sum *sum, bool normalize, size_t count) {
  for (size_t i = 0; i < count; i += 16) {
    f32x16 vote = {0}, total = {0}, divisor = {0};
    for (size_t k = 0; k < terms; k++) vote = vote + load(rows[k + 1] + i);
    // Flips signs where minus is elected, so that who agrees is positive.
    i32x16 flip = ~(vote >= 0.0f) & INT32_MIN;
    for (size_t k = 0; k < terms; k++) {
      f32x16 value = load(rows[k + 1] + i);
      i32x16 agrees = (f32x16)((i32x16)value ^ flip) > 0.0f;
      total = total + (f32x16)((i32x16)value & agrees);
      divisor = divisor + (f32x16)((i32x16)splat(term[k].weight) & agrees);
    }
    if (normalize) total = total / choose(divisor == 0.0f, splat(1), divisor);
    store(rows[0] + i, load(rows[0] + i) + sum->lambda * total);
  }
}

INLINE void elect_block(
    float (*rows)[BLOCK], const struct ck_merge_term *term, size_t terms,
    const struct ck_task_vector_sum *sum, size_t count) {
  if (!sum->normalize) return elect_rows(rows, term, terms, sum, false, count);
  switch (terms) {
    case 2: return elect_rows(rows, term, 2, sum, true, count);
    case 3: return elect_rows(rows, term, 3, sum, true, count);
    default: return elect_rows(rows, term, terms, sum, true, count);
  }
}

INLINE void read_block_of(
    const void *source, enum ck_stored stored, size_t index, size_t count, float *row) {
  switch (stored) {
    case CK_STORED_F32: return read_block(source, CK_STORED_F32, index, count, row);
    case CK_STORED_F16: return read_block(source, CK_STORED_F16, index, count, row);
    case CK_STORED_BF16: return read_block(source, CK_STORED_BF16, index, count, row);
  }
}

INLINE void write_block(
    const float *row, const struct ck_merge_target *target, size_t index, size_t count,
    bool from_line) {
  size_t i = 0;
  if (from_line) {
    for (; i + STEP <= count; i += STEP) {
      write(target, index + i, load(row + i), load(row + i + 16));
    }
  }
  for (size_t part; i < count; i += part) {
    part = count - i < 16 ? count - i : 16;
    write_part(target, index + i, load(row + i), part);
  }
}

void CK_CLONE(ck_merge_direct_task_vectors)(
    const void *base, enum ck_stored stored, const struct ck_merge_term *terms, size_t count_terms,
    const struct ck_task_vector_sum *sum, uint64_t first, const struct ck_merge_target *target,
    size_t count) {
  _Alignas(64) float rows[CK_MERGE_TERMS + 1][BLOCK];
  size_t before = results_before_line(target, count);
  for (size_t start = 0, part; start < count; start += part) {
    part = start < before ? before - start : count - start;
    if (part > BLOCK) part = BLOCK;
    read_block_of(base, stored, start, part, rows[0]);
    for (size_t k = 0; k < count_terms; k++) {
      read_block_of(terms[k].values, stored, start, part, rows[k + 1]);
      thin_block(&terms[k], rows[0], first, start, part, rows[k + 1]);
    }
    if (sum->elects) {
      elect_block(rows, terms, count_terms, sum, part);
    } else {
      sum_rows(rows, count_terms, sum, part);
    }
    write_block(rows[0], target, start, part, start >= before);
  }
}

// Copies ------------------------------------------------------------------------------------------

void CK_CLONE(ck_merge_direct_copy)(
    const void *input, enum ck_stored stored, bool scaled, float factor,
    const struct ck_merge_target *target, size_t count) {
  _Alignas(64) float row[BLOCK];
  size_t before = results_before_line(target, count);
  for (size_t start = 0, part; start < count; start += part) {
    part = start < before ? before - start : count - start;
    if (part > BLOCK) part = BLOCK;
    read_block_of(input, stored, start, part, row);
    for (size_t i = 0; scaled && i < part; i += 16) store(row + i, load(row + i) * factor);
    write_block(row, target, start, part, start >= before);
  }
}

// sce ---------------------------------------------------------------------------------------------

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

/// base[i] += the mean by shares of the differences that have the elected sign, where selected.
INLINE void fuse_rows(
    float *base, float (*deltas)[BLOCK], const float *shares, size_t models, uint32_t cut,
    size_t ties, size_t count) {
  const i32x16 lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
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
      i32x16 is_selected = variance_keys(deltas, models, i) > (int32_t)cut + is_tied;
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
