#ifndef MERGEVOLVE_CLONE_H
#define MERGEVOLVE_CLONE_H

// Kernels on vectors are compiled for three CPU levels, each in a file of its own: vectors cannot be
// passed to inlined helpers under `target_clones`. `clone_dispatch.c` picks one per call.

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ck_decoder.h"

#define CK_DECLARE_CLONES(level)                                                                   \
  void ck_rms_norm_##level(const float *restrict, const float *restrict, float, size_t, size_t,    \
                           float *restrict);                                                       \
  void ck_normalize_##level(const float *, size_t, const float *, const struct ck_norm *, size_t,  \
                            float *, size_t);                                                      \
  int ck_add_rows_##level(float *restrict, const float *restrict, const float *restrict, float,    \
                          size_t, size_t);                                                         \
  void ck_activate_##level(const float *restrict, const float *restrict, enum ck_activation,       \
                           size_t, size_t, float *restrict, size_t);                               \
  void ck_activate_bf16_##level(const float *restrict, const float *restrict, enum ck_activation,  \
                           size_t, size_t, uint16_t *restrict, size_t);                            \
  void ck_gate_##level(const float *restrict, const float *restrict, enum ck_activation, size_t,   \
                       size_t, float *restrict, size_t);                                           \
  void ck_gate_bf16_##level(const float *restrict, const float *restrict, enum ck_activation, size_t,\
                       size_t, uint16_t *restrict, size_t);                                        \
  void ck_split_heads_##level(const float *restrict, const float *restrict,                        \
                              const struct ck_heads *, const int32_t *restrict,                    \
                              const float *restrict, const float *restrict, float, size_t,         \
                              float *restrict, float *restrict);                                   \
  void ck_attend_##level(const float *restrict, size_t, const struct ck_heads *,                   \
                         const float *restrict, const struct ck_key_range *restrict, size_t,       \
                         struct ck_key_range, size_t, float, float *restrict, float *restrict);    \
  void ck_adjust_logits_##level(float *restrict, const float *restrict, float, float, size_t,      \
                                size_t);                                                           \
  void ck_logits_##level(const float *restrict, size_t, size_t,                                    \
                         struct ck_logit_statistics *restrict);

CK_DECLARE_CLONES(base)
#if defined(__x86_64__)
CK_DECLARE_CLONES(v3)
CK_DECLARE_CLONES(v4)
#endif

#endif
