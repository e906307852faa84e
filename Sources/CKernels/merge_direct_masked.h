// Randomly masked task vectors from stored element to result in registers, for the case that searches spend
// their time on: two terms, bf16. Compiled once per CPU level, see merge_direct_v4.c.

enum {
  /// Elements whose random words are made together.
  MASKED_STEP = 32 * PHILOX_VECTORS
};

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

/// Merges MASKED_STEP elements from `index` on; `counter` is that of the first one's random word.
INLINE void merge_masked_step(
    const void *base, const struct ck_merge_term *term, const struct philox_keys *keys,
    size_t terms, const struct ck_task_vector_sum *sum, bool elects, bool normalize,
    uint64_t counter, const struct ck_merge_target *target, size_t index) {
  uint32_t words[CK_MERGE_TERMS][MASKED_STEP];
  for (size_t k = 0; k < terms; k++) {
    philox_elements(
        &keys[k], (uint32_t)counter, (uint32_t)(counter >> 32), PHILOX_VECTORS, false, words[k]);
  }
  for (size_t i = 0; i < MASKED_STEP; i += 32) {
    f32x16 own[2];
    float rows[CK_MERGE_TERMS][32];
    read_pairs(base, index + i, own);
    for (size_t k = 0; k < terms; k++) {
      f32x16 pair[2];
      read_pairs(term[k].values, index + i, pair);
      uint32_t last = (uint32_t)(term[k].threshold - 1);
      for (size_t v = 0; v < 2; v++) {
        f32x16 kept = ((pair[v] - own[v]) * term[k].scale) * term[k].weight;
        u32x16 word;
        memcpy(&word, words[k] + i + 16 * v, sizeof word);
        store(rows[k] + 16 * v, (f32x16)((i32x16)kept & (i32x16)(word <= last)));
      }
    }
    for (size_t v = 0; v < 2; v++) {
      own[v] = own[v]
          + (elects ? elected(rows[0], 32, 16 * v, term, terms, sum, normalize)
                    : summed(rows[0], 32, 16 * v, terms, sum));
    }
    write_pairs(target, index + i, own);
  }
}

/// Merges elements from `index` on, as many as go in whole steps, if two terms of bf16 elements have masks.
///
/// Returns their number: 0 where the words of a step do not begin with a counter.
INLINE size_t merge_masked(
    const void *base, enum ck_stored stored, const struct ck_merge_term *term, size_t terms,
    const struct ck_task_vector_sum *sum, uint64_t first, const struct ck_merge_target *target,
    size_t index, size_t count) {
  if (terms != 2 || stored != CK_STORED_BF16 || target->kind != CK_RESULT_BF16) return 0;
  uint64_t counter = (first + index) / 4;
  if ((first + index) % 4 != 0 || (uint32_t)counter > UINT32_MAX - count / 4) return 0;
  // Copies, which no result can overwrite.
  const struct ck_merge_term own[2] = {term[0], term[1]};
  const struct ck_task_vector_sum own_sum = *sum;
  const struct ck_merge_target own_target = *target;
  struct philox_keys keys[2];
  for (size_t k = 0; k < 2; k++) {
    if (term[k].survivors != CK_KEEP_MASKED || term[k].threshold == 0) return 0;
    // Not to be computed.
    if (term[k].leading != NULL) return 0;
    keys[k] = philox_keys(term[k].key);
  }
  // Taken from memory round by round rather than computed for every step.
  __asm__ volatile("" : : "r"(keys) : "memory");
  size_t done = 0;
  for (; done + MASKED_STEP <= count; done += MASKED_STEP, counter += MASKED_STEP / 4) {
    if (!sum->elects) {
      merge_masked_step(base, own, keys, 2, &own_sum, false, false, counter, &own_target, index + done);
    } else if (sum->normalize) {
      merge_masked_step(base, own, keys, 2, &own_sum, true, true, counter, &own_target, index + done);
    } else {
      merge_masked_step(base, own, keys, 2, &own_sum, true, false, counter, &own_target, index + done);
    }
  }
  return done;
}
