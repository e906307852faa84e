// Compiled once per CPU level; see merge_direct_v4.c.

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

/// As keep_masked with the leading bytes of the words, which seldom leave a doubt; `element` is the first one's
/// index in the tensor, `leading` its byte.
INLINE void keep_leading(
    const struct ck_merge_term *term, uint32_t last, uint64_t element, const uint8_t *leading,
    const float *base, float *row, size_t count) {
  // What is kept below the byte of the last word to keep, is kept with that byte if it ends in ones.
  bool is_whole = (last & 0xFFFFFF) == 0xFFFFFF;
  i32x16 edge = (i32x16){0} + (int32_t)(last >> 24);
  for (size_t i = 0; i < count; i += 16) {
    f32x16 kept = ((load(row + i) - load(base + i)) * term->scale) * term->weight;
    u8x16 bytes = {0};
    if (count - i >= 16) {
      memcpy(&bytes, leading + i, sizeof bytes);
    } else {
      memcpy(&bytes, leading + i, count - i);
    }
    i32x16 byte = __builtin_convertvector(bytes, i32x16);
    i32x16 survives = byte <= edge;
    if (!is_whole && __builtin_reduce_or(byte == edge) != 0) {
      uint32_t words[BLOCK_WORDS];
      u32x16 word;
      memcpy(&word, mask_words(term->key, element + i, 16, words), sizeof word);
      survives = (i32x16)(word <= last);
    }
    store(row + i, (f32x16)((i32x16)kept & survives));
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
      uint32_t last = (uint32_t)(term->threshold - 1);
      if (term->leading != NULL) {
        return keep_leading(term, last, first + index, term->leading + index, base, row, count);
      }
      uint32_t words[BLOCK_WORDS];
      const uint32_t *placed = mask_words(term->key, first + index, count, words);
      return keep_masked(term, last, placed, base, row, count);
    }
  }
}

/// row 0 = row 0 + lambda * the combined other rows.
INLINE void combine_rows(
    float (*rows)[BLOCK], const struct ck_merge_term *term, size_t terms,
    const struct ck_task_vector_sum *sum, bool elects, bool normalize, size_t count) {
  for (size_t i = 0; i < count; i += 16) {
    f32x16 part = elects ? elected(rows[1], BLOCK, i, term, terms, sum, normalize)
                         : summed(rows[1], BLOCK, i, terms, sum);
    store(rows[0] + i, load(rows[0] + i) + part);
  }
}

INLINE void combine_block(
    float (*rows)[BLOCK], const struct ck_merge_term *term, size_t terms,
    const struct ck_task_vector_sum *sum, size_t count) {
  // Without terms there is nothing to elect.
  if (!sum->elects || terms == 0) return combine_rows(rows, term, terms, sum, false, false, count);
  // Loops over a known number of terms are unrolled, and their sums stay in registers.
  if (terms == 2 && sum->normalize) return combine_rows(rows, term, 2, sum, true, true, count);
  if (terms == 2) return combine_rows(rows, term, 2, sum, true, false, count);
  if (terms == 3 && sum->normalize) return combine_rows(rows, term, 3, sum, true, true, count);
  if (terms == 3) return combine_rows(rows, term, 3, sum, true, false, count);
  combine_rows(rows, term, terms, sum, true, sum->normalize, count);
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
    if (start >= before) {
      size_t merged = merge_pairs(base, stored, terms, count_terms, sum, first, target, start, part);
      if (merged > 0) {
        part = merged;
        continue;
      }
    }
    if (part > BLOCK) part = BLOCK;
    read_block_of(base, stored, start, part, rows[0]);
    for (size_t k = 0; k < count_terms; k++) {
      read_block_of(terms[k].values, stored, start, part, rows[k + 1]);
      thin_block(&terms[k], rows[0], first, start, part, rows[k + 1]);
    }
    combine_block(rows, terms, count_terms, sum, part);
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
