#ifndef MERGEVOLVE_MERGE_DIRECT_H
#define MERGEVOLVE_MERGE_DIRECT_H

// As in clone.h: one file per CPU level, and `merge_direct_dispatch.c` picks one per call.

#include "ck_merge.h"
#include "ck_merge_direct.h"

#define CK_DECLARE_DIRECT_CLONES(level)                                                            \
  void ck_merge_direct_sum_##level(                                                                \
      const void *const *, enum ck_stored, const float *, size_t, float,                           \
      const struct ck_merge_target *, size_t);                                                     \
  void ck_merge_direct_copy_##level(                                                               \
      const void *, enum ck_stored, bool, float, const struct ck_merge_target *, size_t);          \
  void ck_merge_direct_task_vectors_##level(                                                       \
      const void *, enum ck_stored, const struct ck_merge_term *, size_t,                          \
      const struct ck_task_vector_sum *, uint64_t, const struct ck_merge_target *, size_t);        \
  void ck_merge_direct_sce_##level(                                                                \
      const void *, const void *const *, enum ck_stored, const float *, size_t, uint32_t, size_t,  \
      const struct ck_merge_target *, size_t);                                                     \
  void ck_merge_words_##level(uint64_t, uint64_t, uint32_t *restrict, size_t);                     \
  void ck_merge_leading_bytes_##level(uint64_t, uint64_t, uint8_t *restrict, size_t);

CK_DECLARE_DIRECT_CLONES(base)
#if defined(__x86_64__)
CK_DECLARE_DIRECT_CLONES(v3)
CK_DECLARE_DIRECT_CLONES(v4)
#endif

#endif
