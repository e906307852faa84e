#ifndef MERGEVOLVE_CK_DECODER_H
#define MERGEVOLVE_CK_DECODER_H

#include <stddef.h>
#include <stdint.h>

// The parts of a decoder layer that are no matrix products. Everything is row-major and in single
// precision. A value depends on its own row alone, never on the number of rows or on their place: sums run
// over fixed lanes in a fixed order.

/// out = x / sqrt(mean(x^2) + epsilon) * weights, row by row.
void ck_rms_norm(const float *restrict x, const float *restrict weights, float epsilon, size_t rows,
                 size_t width, float *restrict out);

/// A norm of parts of rows: (x - mean) / sqrt(variance + epsilon) * weights + bias where centered, else
/// x / sqrt(mean(x^2) + epsilon) * weights.
struct ck_norm {
  const float *weights;  ///< [groups][width]
  const float *bias;     ///< like `weights`, or null
  float epsilon;
  int centered;
  size_t groups;  ///< parts of a row, one after the other
  size_t width;   ///< values per part
};

/// out = norm(x + added), each part of each row for itself; `added` [groups][width] may be null. Rows begin
/// `stride` and `out_stride` values after each other; out may be x.
void ck_normalize(const float *x, size_t stride, const float *added, const struct ck_norm *norm,
                  size_t rows, float *out, size_t out_stride);

/// x += (y + bias) * scale, row by row; bias may be null. Returns 1 if every sum is finite, else 0.
int ck_add_rows(float *restrict x, const float *restrict y, const float *restrict bias, float scale,
                size_t rows, size_t width);

enum ck_activation {
  ck_activation_silu,
  ck_activation_gelu,
  ck_activation_gelu_tanh,
  ck_activation_quick_gelu,
  ck_activation_relu,
  ck_activation_relu_squared,
};

/// out[width] = activation(gate) * up, where a row of x is gate[width], up[width]; bias (may be null)
/// has 2 * width values. Rows of out begin `stride` values after each other.
void ck_gate(const float *restrict x, const float *restrict bias, enum ck_activation activation,
             size_t rows, size_t width, float *restrict out, size_t stride);

/// out = activation(x + bias), row by row; bias may be null. Rows of out begin `stride` values after each other.
void ck_activate(const float *restrict x, const float *restrict bias, enum ck_activation activation,
                 size_t rows, size_t width, float *restrict out, size_t stride);

/// The same, rounded to bfloat16.
void ck_gate_bf16(const float *restrict x, const float *restrict bias,
                  enum ck_activation activation, size_t rows, size_t width, uint16_t *restrict out,
                  size_t stride);
void ck_activate_bf16(const float *restrict x, const float *restrict bias,
                      enum ck_activation activation, size_t rows, size_t width,
                      uint16_t *restrict out, size_t stride);

/// Sizes of an attention layer.
struct ck_heads {
  size_t queries;     ///< query heads
  size_t key_values;  ///< key-value heads; divides `queries`
  size_t size;        ///< dimensions per head
  size_t padded;      ///< `size` rounded up to a multiple of 16
  size_t rotated;     ///< leading dimensions that rotate; even
  int interleaved;    ///< 2m rotates with 2m + 1, else m with m + rotated / 2
};

/// Splits rows of query, key and value heads: adds the bias (may be null), rotates queries and keys,
/// scales queries, and pads heads with zeros.
///
/// A row of x is queries[queries][size], keys[key_values][size], values[key_values][size]. Row r stands at
/// positions[r]; row p of cosines and sines has rotated / 2 values. A row of query_rows is
/// [queries][padded], one of key_value_rows keys[key_values][padded], values[key_values][padded].
void ck_split_heads(const float *restrict x, const float *restrict bias,
                    const struct ck_heads *heads, const int32_t *restrict positions,
                    const float *restrict cosines, const float *restrict sines, float query_scale,
                    size_t rows, float *restrict query_rows, float *restrict key_value_rows);

/// A run of rows of the key-value table.
struct ck_key_range {
  int32_t start;
  int32_t count;
};

/// Values of scratch space that `ck_attend` or `ck_attend_bf16` needs for rows that see `keys` keys, counted from a multiple of 16 on.
size_t ck_attention_scratch(const struct ck_heads *heads, size_t keys);

/// Attention of consecutive tokens of one path over their ancestors and themselves.
///
/// Row r sees, in order of position, the rows of the `prefix` ranges and then `last.count + r` rows from
/// `last.start` on, of all these only the final `window` ones (0: all). Scores s become cap * tanh(s / cap)
/// (0: stay). A row of out is [queries][size].
void ck_attend(const float *restrict query_rows, size_t rows, const struct ck_heads *heads,
               const float *restrict key_value_rows, const struct ck_key_range *restrict prefix,
               size_t prefix_count, struct ck_key_range last, size_t window, float cap,
               float *restrict scratch, float *restrict out);

/// The same with queries, keys, values and the weights of the softmax rounded to bfloat16, sums in single
/// precision; on a CPU without AVX512-BF16 just the same.
void ck_attend_bf16(const float *restrict query_rows, size_t rows, const struct ck_heads *heads,
                    const float *restrict key_value_rows, const struct ck_key_range *restrict prefix,
                    size_t prefix_count, struct ck_key_range last, size_t window, float cap,
                    float *restrict scratch, float *restrict out);

/// x = (x + bias) * scale, then cap * tanh(x / cap) (0: stays), row by row; bias may be null.
void ck_adjust_logits(float *restrict x, const float *restrict bias, float scale, float cap,
                      size_t rows, size_t width);

/// What a softmax over a row of logits needs.
struct ck_logit_statistics {
  double sum;      ///< of exp(logit - maximum)
  float maximum;
  int32_t best;    ///< index of the first maximum
  int32_t finite;  ///< 1 if all logits are finite
};

void ck_logits(const float *restrict logits, size_t rows, size_t width,
               struct ck_logit_statistics *restrict out);

#endif
