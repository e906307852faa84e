#ifndef MERGEVOLVE_MERGE_PHILOX_H
#define MERGEVOLVE_MERGE_PHILOX_H

#include "merge_common.h"

enum { PHILOX_LANES = 16, PHILOX_WORDS = 4 * PHILOX_LANES };

/// The words of PHILOX_WORDS consecutive elements; `quad` is a quarter of the first one's index.
/// Philox4x32-10 of the counters (quad + lane, low and high half, 0, 0), lane by lane so that the
/// rounds vectorise.
CK_INLINE void philox_words(uint64_t key, uint64_t quad, uint32_t *words) {
  // Each word sits in the low half of 64 bits; what the upper halves hold never matters.
  uint64_t c0[PHILOX_LANES], c1[PHILOX_LANES], c2[PHILOX_LANES], c3[PHILOX_LANES];
  for (int lane = 0; lane < PHILOX_LANES; lane++) {
    uint64_t counter = quad + (uint64_t)lane;
    c0[lane] = counter;
    c1[lane] = counter >> 32;
    c2[lane] = 0;
    c3[lane] = 0;
  }
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  for (int round = 0; round < 10; round++) {
    for (int lane = 0; lane < PHILOX_LANES; lane++) {
      uint64_t p0 = (uint64_t)0xD2511F53u * (c0[lane] & 0xFFFFFFFF);
      uint64_t p1 = (uint64_t)0xCD9E8D57u * (c2[lane] & 0xFFFFFFFF);
      c0[lane] = (p1 >> 32) ^ c1[lane] ^ k0;
      c1[lane] = p1;
      c2[lane] = (p0 >> 32) ^ c3[lane] ^ k1;
      c3[lane] = p0;
    }
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  for (int lane = 0; lane < PHILOX_LANES; lane++) {
    words[4 * lane] = (uint32_t)c0[lane];
    words[4 * lane + 1] = (uint32_t)c1[lane];
    words[4 * lane + 2] = (uint32_t)c2[lane];
    words[4 * lane + 3] = (uint32_t)c3[lane];
  }
}

/// A walk over elements first ..< first + count in blocks that start at multiples of PHILOX_WORDS:
/// `words` holds those of the block, elements [begin, end) of the caller's array pair with words[skip…].
#define FOR_EACH_PHILOX_BLOCK(key, first, count, words, begin, end, skip)                         \
  for (size_t begin = 0, end, skip;                                                               \
       begin < (count) &&                                                                         \
       (skip = (size_t)(((first) + begin) % PHILOX_WORDS),                                        \
       end = begin + PHILOX_WORDS - skip < (count) ? begin + PHILOX_WORDS - skip : (count),       \
       philox_words((key), ((first) + begin - skip) / 4, (words)), 1);                            \
       begin = end)

#endif
