// Random words of many elements at a time; compiled once per CPU level, see merge_direct_v4.c.

// Random words ------------------------------------------------------------------------------------

enum {
  /// Most vectors of eight counters that run through the rounds side by side, as rounds depend on each other:
  /// as many as the registers hold.
#if defined(CK_HAS_WIDE_REGISTERS)
  PHILOX_VECTORS = 4,
#else
  PHILOX_VECTORS = 2,
#endif
  /// Room for the words of a block that begins anywhere.
  BLOCK_WORDS = BLOCK + 2 * 32 * PHILOX_VECTORS,
};

/// The lower halves of `even` and of `odd`, in turn.
INLINE u64x8 lower_halves(u64x8 even, u64x8 odd) {
  return (u64x8)__builtin_shufflevector(
      (u32x16)even, (u32x16)odd, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30);
}

/// The keys of the ten rounds.
struct philox_keys {
  uint64_t even[10], odd[10];
};

/// Kept in memory, from where a round takes its keys faster than it can compute them.
INLINE struct philox_keys philox_keys(uint64_t key) {
  struct philox_keys keys;
  uint32_t even = (uint32_t)key, odd = (uint32_t)(key >> 32);
  for (int round = 0; round < 10; round++, even += 0x9E3779B9, odd += 0xBB67AE85) {
    keys.even[round] = even;
    keys.odd[round] = odd;
  }
  return keys;
}

/// Philox4x32-10 of the counters (low + lane, high, 0, 0), of which none passes 2^32: `words` begins with
/// those of 32 * vectors elements, thirty-two after thirty-two, in order or the sixteen of even place first.
INLINE void philox_elements(
    const struct philox_keys *keys, uint32_t low, uint32_t high, uint32_t vectors, bool in_order,
    uint32_t *words) {
  const uint32_t M0 = 0xD2511F53, M1 = 0xCD9E8D57;
  const u64x8 zero = {0}, low_half = zero + 0xFFFFFFFF;
  // A word sits in the lower half of a lane; what the upper halves hold never matters.
  u64x8 c0[PHILOX_VECTORS], c1[PHILOX_VECTORS], c2[PHILOX_VECTORS], c3[PHILOX_VECTORS];
  // The first two rounds, where c1 is the same in all lanes and c2 and c3 are 0.
  uint64_t same = (uint64_t)(high ^ (uint32_t)keys->even[0]) * M0;
  uint64_t same_high = (same >> 32) ^ keys->odd[1], same_low = same;
  for (uint32_t v = 0; v < vectors; v++) {
    u64x8 counter = (u64x8){0, 1, 2, 3, 4, 5, 6, 7} + (low + 8 * v);
    u64x8 product = (counter & low_half) * M0;
    u64x8 second = (((product >> 32) ^ keys->odd[0]) & low_half) * M1;
    c0[v] = (second >> 32) ^ keys->even[1];
    c1[v] = second;
    c2[v] = product ^ same_high;
    c3[v] = zero + same_low;
  }
#pragma clang loop unroll(full)
  for (int round = 2; round < 10; round++) {
    for (uint32_t v = 0; v < vectors; v++) {
      u64x8 p0 = (c0[v] & low_half) * M0, p1 = (c2[v] & low_half) * M1;
      c0[v] = (p1 >> 32) ^ c1[v] ^ keys->even[round];
      c1[v] = p1;
      c2[v] = (p0 >> 32) ^ c3[v] ^ keys->odd[round];
      c3[v] = p0;
    }
  }
  for (uint32_t v = 0; v < vectors; v++) {
    u64x8 first = lower_halves(c0[v], in_order ? c1[v] : c2[v]);
    u64x8 second = lower_halves(in_order ? c2[v] : c1[v], c3[v]);
    if (in_order) {
      u64x8 front = first, back = second;
      first = __builtin_shufflevector(front, back, 0, 8, 1, 9, 2, 10, 3, 11);
      second = __builtin_shufflevector(front, back, 4, 12, 5, 13, 6, 14, 7, 15);
    }
    memcpy(words + 32 * v, &first, sizeof first);
    memcpy(words + 32 * v + 16, &second, sizeof second);
  }
}

/// Fills `words` so that those of elements first ..< first + count stand at the returned place.
INLINE const uint32_t *mask_words(uint64_t key, uint64_t first, size_t count, uint32_t *words) {
  const struct philox_keys keys = philox_keys(key);
  enum { HALF = PHILOX_VECTORS / 2 };
  size_t skip = (size_t)(first % (32 * HALF));
  for (size_t done = 0, step; done < count + skip; done += step) {
    uint64_t counter = (first - skip + done) / 4;
    uint32_t low = (uint32_t)counter, high = (uint32_t)(counter >> 32);
    // Half as many start at a multiple of their number, so they never pass 2^32.
    if (count + skip - done <= 32 * HALF || low > UINT32_MAX - 8 * PHILOX_VECTORS) {
      step = 32 * HALF;
      philox_elements(&keys, low, high, HALF, true, words + done);
    } else {
      step = 32 * PHILOX_VECTORS;
      philox_elements(&keys, low, high, PHILOX_VECTORS, true, words + done);
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

void CK_CLONE(ck_merge_leading_bytes)(
    uint64_t key, uint64_t first, uint8_t *restrict bytes, size_t count) {
  uint32_t block[BLOCK_WORDS];
  for (size_t start = 0, part; start < count; start += part) {
    part = count - start < BLOCK ? count - start : BLOCK;
    const uint32_t *placed = mask_words(key, first + start, part, block);
    for (size_t i = 0; i < part; i++) bytes[start + i] = (uint8_t)(placed[i] >> 24);
  }
}
