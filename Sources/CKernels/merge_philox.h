#ifndef MERGEVOLVE_MERGE_PHILOX_H
#define MERGEVOLVE_MERGE_PHILOX_H

#include "merge_common.h"

enum { PHILOX_WORDS = 64 };

/// The words of PHILOX_WORDS consecutive elements; `quad` is a quarter of the first one's index.
CK_INLINE void philox_words(uint64_t key, uint64_t quad, uint32_t *words) {
  ck_merge_words(key, 4 * quad, words, PHILOX_WORDS);
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
