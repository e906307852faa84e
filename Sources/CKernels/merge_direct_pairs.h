// Task vectors from stored element to result in registers, for the case that searches spend their time on: two
// or three terms, bf16. Compiled once per CPU level, see merge_direct_v4.c.

enum {
  /// Elements whose random words are made together.
  PAIRS_STEP = 32 * PHILOX_VECTORS,
  /// Most terms that stay in registers.
  PAIRS_TERMS = 3,
};

/// What decides about the survivors of all terms.
enum pair_rule {
  RULE_ALL,
  RULE_MAGNITUDES,
  RULE_BAND,
  RULE_LISTED,
  RULE_LEADING,
  RULE_WORDS,
};

// Stored pairs ------------------------------------------------------------------------------------

/// Thirty-two bf16 elements from `index` on: `pair[0]` are those of even place.
INLINE void read_pairs(const void *source, size_t index, f32x16 *pair) {
  u32x16 stored;
  memcpy(&stored, (const char *)source + 2 * index, sizeof stored);
  pair[0] = (f32x16)(stored << 16);
  pair[1] = (f32x16)(stored & 0xFFFF0000);
}

/// What read_pairs reads, each rounded to bf16.
INLINE void write_pairs(const struct ck_merge_target *target, size_t index, const f32x16 *pair) {
  u32x16 even = (u32x16)pair[0], odd = (u32x16)pair[1];
  even = (even + 0x7FFF + ((even >> 16) & 1)) >> 16;
  odd = (odd + 0x7FFF + ((odd >> 16) & 1)) & 0xFFFF0000;
  i32x16 is_nan = (pair[0] != pair[0]) | (pair[1] != pair[1]);
  if (__builtin_reduce_or(is_nan) != 0) {
    even = bf16_bits(pair[0]);
    odd = bf16_bits(pair[1]) << 16;
  }
  u32x16 bits = even | odd;
  char *place = (char *)target->values + 2 * index;
  if (target->streaming) {
    __builtin_nontemporal_store(bits, (u32x16 *)place);
  } else {
    memcpy(place, &bits, sizeof bits);
  }
}

// Survivors ---------------------------------------------------------------------------------------

/// One term, with what a range of elements needs of it.
struct pair_term {
  struct ck_merge_term term;
  /// Keys above `bound` and up to `most` survive.
  int32_t bound, most;
  struct philox_keys keys;
};

INLINE void listed_pairs(const uint64_t *bits, uint64_t element, i32x16 *survives) {
  const u32x16 lanes = {1u,       1u << 2,  1u << 4,  1u << 6,  1u << 8,  1u << 10, 1u << 12, 1u << 14,
                        1u << 16, 1u << 18, 1u << 20, 1u << 22, 1u << 24, 1u << 26, 1u << 28, 1u << 30};
  uint64_t shift = element % 64, word = bits[element / 64] >> shift;
  if (shift > 32) word |= bits[element / 64 + 1] << (64 - shift);
  u32x16 all = (u32x16){0} + (uint32_t)word;
  survives[0] = (i32x16)((all & lanes) != 0);
  survives[1] = (i32x16)((all & (lanes << 1)) != 0);
}

/// As keep_leading; `element` is the first one's index in the tensor, `leading` its byte.
INLINE void leading_pairs(
    const struct ck_merge_term *term, const uint8_t *leading, uint64_t element, i32x16 *survives) {
  uint32_t last = (uint32_t)(term->threshold - 1);
  i32x16 edge = (i32x16){0} + (int32_t)(last >> 24);
  u16x16 stored;
  memcpy(&stored, leading, sizeof stored);
  u32x16 both = __builtin_convertvector(stored, u32x16);
  i32x16 even = (i32x16)(both & 0xFF), odd = (i32x16)(both >> 8);
  survives[0] = even <= edge;
  survives[1] = odd <= edge;
  if ((last & 0xFFFFFF) != 0xFFFFFF && __builtin_reduce_or((even == edge) | (odd == edge)) != 0) {
    uint32_t words[BLOCK_WORDS];
    const uint32_t *placed = mask_words(term->key, element, 32, words);
    for (size_t i = 0; i < 16; i++) {
      survives[0][i] = placed[2 * i] <= last ? -1 : 0;
      survives[1][i] = placed[2 * i + 1] <= last ? -1 : 0;
    }
  }
}

/// The weighted survivors of thirty-two elements from `index` on, whose first is `element` of the tensor.
INLINE void thin_pairs(
    const struct pair_term *own, enum pair_rule rule, const f32x16 *base, size_t index,
    uint64_t element, const uint32_t *words, float *row) {
  const struct ck_merge_term *term = &own->term;
  f32x16 pair[2];
  read_pairs(term->values, index, pair);
  i32x16 survives[2];
  if (rule == RULE_LISTED) listed_pairs(term->bits, element, survives);
  if (rule == RULE_LEADING) leading_pairs(term, term->leading + index, element, survives);
  for (size_t v = 0; v < 2; v++) {
    f32x16 delta = pair[v] - base[v];
    f32x16 kept = (delta * term->scale) * term->weight;
    i32x16 key = (i32x16)delta & 0x7FFFFFFF;
    if (rule == RULE_MAGNITUDES) survives[v] = key > own->bound;
    if (rule == RULE_BAND) survives[v] = (key > own->bound) & (key <= own->most);
    if (rule == RULE_WORDS) {
      u32x16 word;
      memcpy(&word, words + 16 * v, sizeof word);
      survives[v] = (i32x16)(word <= (uint32_t)(term->threshold - 1));
    }
    if (rule != RULE_ALL) kept = (f32x16)((i32x16)kept & survives[v]);
    store(row + 16 * v, kept);
  }
}

// Steps -------------------------------------------------------------------------------------------

/// The words of a step, the sixteen of even place first in each thirty-two; `counter` is the first one's.
static __attribute__((noinline)) void step_words(
    const struct philox_keys *keys, uint64_t counter, uint32_t *words) {
  philox_elements(
      keys, (uint32_t)counter, (uint32_t)(counter >> 32), PHILOX_VECTORS, false, words);
}

/// Merges whole steps of elements from `index` on; element 0 is `first` of the tensor.
INLINE void merge_steps(
    const void *base, const struct pair_term *own, size_t terms, enum pair_rule rule,
    const struct ck_task_vector_sum *sum, bool elects, bool normalize, uint64_t first,
    const struct ck_merge_target *target, size_t index, size_t end) {
  // Copies, which no result can overwrite.
  const struct ck_task_vector_sum own_sum = *sum;
  const struct ck_merge_target own_target = *target;
  struct ck_merge_term term[PAIRS_TERMS];
  for (size_t k = 0; k < terms; k++) term[k] = own[k].term;
  uint32_t words[PAIRS_TERMS][PAIRS_STEP];
  for (; index < end; index += PAIRS_STEP) {
    for (size_t k = 0; k < terms && rule == RULE_WORDS; k++) {
      step_words(&own[k].keys, (first + index) / 4, words[k]);
    }
    for (size_t i = 0; i < PAIRS_STEP; i += 32) {
      f32x16 result[2];
      float rows[PAIRS_TERMS][32];
      read_pairs(base, index + i, result);
      for (size_t k = 0; k < terms; k++) {
        thin_pairs(&own[k], rule, result, index + i, first + index + i, words[k] + i, rows[k]);
      }
      for (size_t v = 0; v < 2; v++) {
        result[v] = result[v]
            + (elects ? elected(rows[0], 32, 16 * v, term, terms, &own_sum, normalize)
                      : summed(rows[0], 32, 16 * v, terms, &own_sum));
      }
      write_pairs(&own_target, index + i, result);
    }
  }
}

INLINE void merge_steps_of(
    const void *base, const struct pair_term *own, size_t terms, enum pair_rule rule,
    const struct ck_task_vector_sum *sum, uint64_t first, const struct ck_merge_target *target,
    size_t index, size_t end) {
  if (!sum->elects) {
    merge_steps(base, own, terms, rule, sum, false, false, first, target, index, end);
  } else if (sum->normalize) {
    merge_steps(base, own, terms, rule, sum, true, true, first, target, index, end);
  } else {
    merge_steps(base, own, terms, rule, sum, true, false, first, target, index, end);
  }
}

// One function for each rule and number of terms, so that its loops are unrolled.
#define MERGE_STEPS_BY(name, rule)                                                                 \
  static __attribute__((noinline)) void name(                                                      \
      const void *base, const struct pair_term *own, size_t terms,                                 \
      const struct ck_task_vector_sum *sum, uint64_t first, const struct ck_merge_target *target,  \
      size_t index, size_t end) {                                                                  \
    if (terms == 2) {                                                                              \
      merge_steps_of(base, own, 2, rule, sum, first, target, index, end);                          \
    } else {                                                                                       \
      merge_steps_of(base, own, 3, rule, sum, first, target, index, end);                          \
    }                                                                                              \
  }

MERGE_STEPS_BY(merge_steps_of_all, RULE_ALL)
MERGE_STEPS_BY(merge_steps_by_magnitude, RULE_MAGNITUDES)
MERGE_STEPS_BY(merge_steps_by_band, RULE_BAND)
MERGE_STEPS_BY(merge_steps_by_list, RULE_LISTED)
MERGE_STEPS_BY(merge_steps_by_leading_bytes, RULE_LEADING)
MERGE_STEPS_BY(merge_steps_by_words, RULE_WORDS)

#undef MERGE_STEPS_BY

// Choice ------------------------------------------------------------------------------------------

/// The rule that decides about the survivors of a term; -1 if there is none here.
INLINE int rule_of(const struct ck_merge_term *term) {
  switch (term->survivors) {
    case CK_KEEP_ALL: return RULE_ALL;
    case CK_KEEP_MAGNITUDES: return RULE_MAGNITUDES;
    case CK_KEEP_BAND: return RULE_BAND;
    case CK_KEEP_LISTED: return RULE_LISTED;
    case CK_KEEP_MASKED:
      if (term->threshold == 0) return -1;
      return term->leading != NULL ? RULE_LEADING : RULE_WORDS;
  }
  return -1;
}

/// Merges elements from `index` on, as many as go in whole steps, if two or three terms of bf16 elements are
/// thinned out alike, and if the range begins at a cache line where results are streamed.
///
/// Returns their number: 0 where a limit for equal magnitudes lies within the first step, or the words of a
/// step do not begin with a counter.
INLINE size_t merge_pairs(
    const void *base, enum ck_stored stored, const struct ck_merge_term *term, size_t terms,
    const struct ck_task_vector_sum *sum, uint64_t first, const struct ck_merge_target *target,
    size_t index, size_t count) {
  if (terms < 2 || terms > PAIRS_TERMS) return 0;
  if (stored != CK_STORED_BF16 || target->kind != CK_RESULT_BF16) return 0;
  int rule = rule_of(&term[0]);
  if (rule < 0) return 0;
  struct pair_term own[PAIRS_TERMS];
  size_t end = index + count;
  for (size_t k = 0; k < terms; k++) {
    int next = rule_of(&term[k]);
    // All is above a bound that nothing falls below.
    if (next == RULE_ALL && rule == RULE_MAGNITUDES) next = rule;
    if (next == RULE_MAGNITUDES && rule == RULE_ALL) rule = next;
    if (next != rule) return 0;
    own[k].term = term[k];
    own[k].bound = -1;
    own[k].most = INT32_MAX;
    if (term[k].survivors == CK_KEEP_MAGNITUDES || term[k].survivors == CK_KEEP_BAND) {
      own[k].bound = (int32_t)term[k].cut - (term[k].ties > index);
      if (term[k].ties > index && term[k].ties < end) end = term[k].ties;
    }
    if (term[k].survivors == CK_KEEP_BAND) {
      own[k].most = (int32_t)term[k].high - (term[k].high_ties > index);
      if (term[k].high_ties > index && term[k].high_ties < end) end = term[k].high_ties;
    }
    if (rule == RULE_WORDS) own[k].keys = philox_keys(term[k].key);
  }
  end = index + (end - index) / PAIRS_STEP * PAIRS_STEP;
  if (end == index) return 0;
  switch ((enum pair_rule)rule) {
    case RULE_ALL: merge_steps_of_all(base, own, terms, sum, first, target, index, end); break;
    case RULE_MAGNITUDES:
      merge_steps_by_magnitude(base, own, terms, sum, first, target, index, end);
      break;
    case RULE_BAND: merge_steps_by_band(base, own, terms, sum, first, target, index, end); break;
    case RULE_LISTED: merge_steps_by_list(base, own, terms, sum, first, target, index, end); break;
    case RULE_LEADING:
      merge_steps_by_leading_bytes(base, own, terms, sum, first, target, index, end);
      break;
    case RULE_WORDS: {
      uint64_t counter = (first + index) / 4;
      if ((first + index) % 4 != 0 || (uint32_t)counter > UINT32_MAX - count / 4) return 0;
      merge_steps_by_words(base, own, terms, sum, first, target, index, end);
      break;
    }
  }
  return end - index;
}
