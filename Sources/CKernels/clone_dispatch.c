#include "clone.h"

#include "cpu_level.h"

#if defined(__x86_64__)

#include "ck_threads.h"

int ck_cpu_level(void) {
  static int known = -1;
  int value = __atomic_load_n(&known, __ATOMIC_RELAXED);
  if (value < 0) {
    __builtin_cpu_init();
    value = ck_has_avx512()                                                  ? 2
            : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("f16c")
                ? 1
                : 0;
    __atomic_store_n(&known, value, __ATOMIC_RELAXED);
  }
  return value;
}

#endif

#define CALL(name, ...) CK_CALL_FOR_LEVEL(name, __VA_ARGS__)

void ck_rms_norm(const float *restrict x, const float *restrict weights, float epsilon, size_t rows,
                 size_t width, float *restrict out) {
  CALL(ck_rms_norm, x, weights, epsilon, rows, width, out);
}

void ck_normalize(const float *x, size_t stride, const float *added, const struct ck_norm *norm,
                  size_t rows, float *out, size_t out_stride) {
  CALL(ck_normalize, x, stride, added, norm, rows, out, out_stride);
}

int ck_add_rows(float *restrict x, const float *restrict y, const float *restrict bias, float scale,
                size_t rows, size_t width) {
  CALL(ck_add_rows, x, y, bias, scale, rows, width);
}

void ck_activate(const float *restrict x, const float *restrict bias, enum ck_activation activation,
                 size_t rows, size_t width, float *restrict out, size_t stride) {
  CALL(ck_activate, x, bias, activation, rows, width, out, stride);
}

void ck_activate_bf16(const float *restrict x, const float *restrict bias, enum ck_activation activation,
                 size_t rows, size_t width, uint16_t *restrict out, size_t stride) {
  CALL(ck_activate_bf16, x, bias, activation, rows, width, out, stride);
}

void ck_gate(const float *restrict x, const float *restrict bias, enum ck_activation activation,
             size_t rows, size_t width, float *restrict out, size_t stride) {
  CALL(ck_gate, x, bias, activation, rows, width, out, stride);
}

void ck_gate_bf16(const float *restrict x, const float *restrict bias, enum ck_activation activation,
             size_t rows, size_t width, uint16_t *restrict out, size_t stride) {
  CALL(ck_gate_bf16, x, bias, activation, rows, width, out, stride);
}

void ck_split_heads(const float *restrict x, const float *restrict bias,
                    const struct ck_heads *heads, const int32_t *restrict positions,
                    const float *restrict cosines, const float *restrict sines, float query_scale,
                    size_t rows, float *restrict query_rows, float *restrict key_value_rows) {
  CALL(ck_split_heads, x, bias, heads, positions, cosines, sines, query_scale, rows, query_rows,
       key_value_rows);
}

size_t ck_attention_scratch(const struct ck_heads *heads, size_t keys) {
  // Of one head the keys, transposed, in bfloat16 the values as well; scores of four queries, and in bfloat16 weights.
  return (heads->padded + 6) * ((keys + 15) & ~(size_t)15);
}

void ck_attend(const float *restrict query_rows, size_t rows, const struct ck_heads *heads,
               const float *restrict key_value_rows, const struct ck_key_range *restrict prefix,
               size_t prefix_count, struct ck_key_range last, size_t window, float cap,
               float *restrict scratch, float *restrict out) {
  CALL(ck_attend, query_rows, rows, heads, key_value_rows, prefix, prefix_count, last, window, cap,
       scratch, out);
}

void ck_adjust_logits(float *restrict x, const float *restrict bias, float scale, float cap,
                      size_t rows, size_t width) {
  CALL(ck_adjust_logits, x, bias, scale, cap, rows, width);
}

void ck_logits(const float *restrict logits, size_t rows, size_t width,
               struct ck_logit_statistics *restrict out) {
  CALL(ck_logits, logits, rows, width, out);
}
