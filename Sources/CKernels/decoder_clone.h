// Compiled once per CPU level; see clone_v4.c.

void CK_CLONE(ck_rms_norm)(const float *restrict x, const float *restrict weights, float epsilon, size_t rows,
                 size_t width, float *restrict out) {
  size_t whole = width & ~(size_t)15, rest = width - whole;
  for (size_t row = 0; row < rows; row++, x += width, out += width) {
    f32x16 sums[2] = {{0}, {0}};
    size_t i = 0;
    for (; i + 32 <= width; i += 32) {
      f32x16 a = load(x + i), b = load(x + i + 16);
      sums[0] = a * a + sums[0];
      sums[1] = b * b + sums[1];
    }
    if (i < whole) {
      f32x16 a = load(x + i);
      sums[0] = a * a + sums[0];
    }
    f32x16 tail = {0};
    if (rest) {
      tail = load_part(x + whole, rest);
      sums[1] = tail * tail + sums[1];
    }
    float scale = 1.0f / sqrtf(sum_lanes(sums[0] + sums[1]) / (float)width + epsilon);
    for (i = 0; i < whole; i += 16) store(out + i, load(x + i) * scale * load(weights + i));
    if (rest) store_part(out + whole, tail * scale * load_part(weights + whole, rest), rest);
  }
}

INLINE void normalize_group(const float *x, const float *added, const float *weights,
                            const float *bias, const struct ck_norm *norm, float *out) {
  size_t width = norm->width, whole = width & ~(size_t)15, rest = width - whole;
  f32x16 none = {0}, sums = {0}, squares = {0}, tail = {0};
  for (size_t i = 0; i < whole; i += 16) {
    f32x16 value = load(x + i) + (added ? load(added + i) : none);
    store(out + i, value);
    sums = sums + value;
    if (!norm->centered) squares = value * value + squares;
  }
  if (rest) {
    tail = load_part(x + whole, rest) + (added ? load_part(added + whole, rest) : none);
    sums = sums + tail;
    if (!norm->centered) squares = tail * tail + squares;
  }
  float mean = norm->centered ? sum_lanes(sums) / (float)width : 0.0f;
  if (norm->centered) {
    for (size_t i = 0; i < whole; i += 16) {
      f32x16 difference = load(out + i) - mean;
      squares = difference * difference + squares;
    }
    // Lanes beyond the tail hold zero, whose difference to the mean does not count.
    for (size_t i = 0; i < rest; i++) squares[i] += (tail[i] - mean) * (tail[i] - mean);
  }
  float scale = 1.0f / sqrtf(sum_lanes(squares) / (float)width + norm->epsilon);
  for (size_t i = 0; i < whole; i += 16) {
    f32x16 value = (load(out + i) - mean) * scale * load(weights + i);
    store(out + i, bias ? value + load(bias + i) : value);
  }
  if (rest) {
    f32x16 value = (tail - mean) * scale * load_part(weights + whole, rest);
    store_part(out + whole, bias ? value + load_part(bias + whole, rest) : value, rest);
  }
}

void CK_CLONE(ck_normalize)(const float *x, size_t stride, const float *added,
                            const struct ck_norm *norm, size_t rows, float *out,
                            size_t out_stride) {
  size_t width = norm->width;
  for (size_t row = 0; row < rows; row++, x += stride, out += out_stride)
    for (size_t group = 0; group < norm->groups; group++) {
      size_t at = group * width;
      normalize_group(x + at, added ? added + at : NULL, norm->weights + at,
                      norm->bias ? norm->bias + at : NULL, norm, out + at);
    }
}

int CK_CLONE(ck_add_rows)(float *restrict x, const float *restrict y, const float *restrict bias,
                float scale, size_t rows, size_t width) {
  size_t whole = width & ~(size_t)15, rest = width - whole;
  // The difference of a number with itself is zero if it is finite, else NaN.
  f32x16 differences = {0};
  for (size_t row = 0; row < rows; row++, x += width, y += width) {
    for (size_t i = 0; i < whole; i += 16) {
      f32x16 sum = load(y + i);
      if (bias) sum = sum + load(bias + i);
      sum = sum * scale + load(x + i);
      differences = differences + (sum - sum);
      store(x + i, sum);
    }
    if (rest) {
      f32x16 sum = load_part(y + whole, rest);
      if (bias) sum = sum + load_part(bias + whole, rest);
      sum = sum * scale + load_part(x + whole, rest);
      differences = differences + (sum - sum);
      store_part(x + whole, sum, rest);
    }
  }
  return sum_lanes(differences) == 0.0f;
}

/// `rounds`: the result will be rounded to bfloat16.
INLINE f32x16 activate(f32x16 x, enum ck_activation activation, int rounds) {
  switch (activation) {
    case ck_activation_silu: return rounds ? rough_silu(x) : x / (1.0f + exponential(-x));
    case ck_activation_gelu: {
      // The share of a normal distribution below x is erfc(-x / sqrt 2) / 2.
      f32x16 size = choose(x < splat(0), -x, x);
      f32x16 half = 0.5f * complementary_error(size * 0.70710678f);
      return x * choose(x < splat(0), half, 1.0f - half);
    }
    case ck_activation_gelu_tanh: {
      f32x16 inner = 0.79788456f * (x + 0.044715f * x * x * x);
      return 0.5f * x * (1.0f + hyperbolic_tangent(inner));
    }
    case ck_activation_quick_gelu: return x / (1.0f + exponential(-1.702f * x));
    case ck_activation_relu: return choose(x < splat(0), splat(0), x);
    case ck_activation_relu_squared: {
      f32x16 positive = choose(x < splat(0), splat(0), x);
      return positive * positive;
    }
  }
  return x;
}

/// `count` values, at most 16, from `index` on, as they are or rounded to bfloat16.
INLINE void put(void *out, size_t index, f32x16 value, size_t count, int rounds) {
  if (rounds) {
    u16x16 rounded = rounded_bf16(value);
    memcpy((uint16_t *)out + index, &rounded, count * sizeof(uint16_t));
  } else if (count == 16) {
    store((float *)out + index, value);
  } else {
    store_part((float *)out + index, value, count);
  }
}

INLINE void gate_rows(const float *restrict x, const float *restrict bias,
                      enum ck_activation activation, size_t rows, size_t width, void *restrict out,
                      size_t stride, int rounds) {
  size_t whole = width & ~(size_t)15, rest = width - whole;
  for (size_t row = 0; row < rows; row++, x += 2 * width) {
    size_t start = row * stride;
    for (size_t i = 0; i < whole; i += 16) {
      f32x16 gate = load(x + i), up = load(x + width + i);
      if (bias) {
        gate = gate + load(bias + i);
        up = up + load(bias + width + i);
      }
      put(out, start + i, activate(gate, activation, rounds) * up, 16, rounds);
    }
    if (rest) {
      f32x16 gate = load_part(x + whole, rest), up = load_part(x + width + whole, rest);
      if (bias) {
        gate = gate + load_part(bias + whole, rest);
        up = up + load_part(bias + width + whole, rest);
      }
      put(out, start + whole, activate(gate, activation, rounds) * up, rest, rounds);
    }
  }
}

INLINE void activate_rows(const float *restrict x, const float *restrict bias,
                          enum ck_activation activation, size_t rows, size_t width,
                          void *restrict out, size_t stride, int rounds) {
  size_t whole = width & ~(size_t)15, rest = width - whole;
  f32x16 none = {0};
  for (size_t row = 0; row < rows; row++, x += width) {
    size_t start = row * stride;
    for (size_t i = 0; i < whole; i += 16) {
      f32x16 value = load(x + i) + (bias ? load(bias + i) : none);
      put(out, start + i, activate(value, activation, rounds), 16, rounds);
    }
    if (rest) {
      f32x16 value = load_part(x + whole, rest) + (bias ? load_part(bias + whole, rest) : none);
      put(out, start + whole, activate(value, activation, rounds), rest, rounds);
    }
  }
}

// One loop per activation: which one is known where it is compiled.
#define FOR_ACTIVATION(call, rounds)                                                               \
  switch (activation) {                                                                            \
    case ck_activation_silu:                                                                       \
      call(x, bias, ck_activation_silu, rows, width, out, stride, rounds);                         \
      break;                                                                                       \
    case ck_activation_gelu:                                                                       \
      call(x, bias, ck_activation_gelu, rows, width, out, stride, rounds);                         \
      break;                                                                                       \
    case ck_activation_gelu_tanh:                                                                  \
      call(x, bias, ck_activation_gelu_tanh, rows, width, out, stride, rounds);                    \
      break;                                                                                       \
    case ck_activation_quick_gelu:                                                                 \
      call(x, bias, ck_activation_quick_gelu, rows, width, out, stride, rounds);                   \
      break;                                                                                       \
    case ck_activation_relu:                                                                       \
      call(x, bias, ck_activation_relu, rows, width, out, stride, rounds);                         \
      break;                                                                                       \
    case ck_activation_relu_squared:                                                               \
      call(x, bias, ck_activation_relu_squared, rows, width, out, stride, rounds);                 \
      break;                                                                                       \
  }

void CK_CLONE(ck_gate)(const float *restrict x, const float *restrict bias,
                       enum ck_activation activation, size_t rows, size_t width,
                       float *restrict out, size_t stride) {
  FOR_ACTIVATION(gate_rows, 0)
}

void CK_CLONE(ck_gate_bf16)(const float *restrict x, const float *restrict bias,
                            enum ck_activation activation, size_t rows, size_t width,
                            uint16_t *restrict out, size_t stride) {
  FOR_ACTIVATION(gate_rows, 1)
}

void CK_CLONE(ck_activate)(const float *restrict x, const float *restrict bias,
                           enum ck_activation activation, size_t rows, size_t width,
                           float *restrict out, size_t stride) {
  FOR_ACTIVATION(activate_rows, 0)
}

void CK_CLONE(ck_activate_bf16)(const float *restrict x, const float *restrict bias,
                                enum ck_activation activation, size_t rows, size_t width,
                                uint16_t *restrict out, size_t stride) {
  FOR_ACTIVATION(activate_rows, 1)
}

#undef FOR_ACTIVATION

/// `count` < 16 values, or a whole vector, plus the bias, if there is one.
INLINE f32x16 biased(const float *x, const float *bias, size_t count) {
  if (count >= 16) return bias ? load(x) + load(bias) : load(x);
  return bias ? load_part(x, count) + load_part(bias, count) : load_part(x, count);
}

INLINE void store_up_to(float *out, f32x16 value, size_t count) {
  if (count >= 16)
    store(out, value);
  else
    store_part(out, value, count);
}

/// out = scale * x: dimensions of one head that do not rotate.
INLINE void place_rest(float *restrict out, const float *restrict x, const float *restrict bias,
                       size_t start, size_t size, float scale) {
  for (size_t i = start; i < size; i += 16)
    store_up_to(out + i, biased(x + i, bias ? bias + i : NULL, size - i) * scale, size - i);
}

/// Rotates neighbouring dimensions of one head and scales it.
INLINE void place_pairs(float *restrict out, const float *restrict x, const float *restrict bias,
                        size_t rotated, const float *restrict cosines,
                        const float *restrict sines, float scale) {
  for (size_t i = 0; i < rotated / 2; i++) {
    float a = x[2 * i] + (bias ? bias[2 * i] : 0), b = x[2 * i + 1] + (bias ? bias[2 * i + 1] : 0);
    out[2 * i] = (a * cosines[i] - b * sines[i]) * scale;
    out[2 * i + 1] = (b * cosines[i] + a * sines[i]) * scale;
  }
}

/// Rotates the halves of one head and scales it.
INLINE void place_halves(float *restrict out, const float *restrict x, const float *restrict bias,
                         size_t rotated, const float *restrict cosines,
                         const float *restrict sines, float scale) {
  size_t half = rotated / 2;
  for (size_t i = 0; i < half; i += 16) {
    size_t count = half - i;
    f32x16 a = biased(x + i, bias ? bias + i : NULL, count);
    f32x16 b = biased(x + half + i, bias ? bias + half + i : NULL, count);
    f32x16 c = biased(cosines + i, NULL, count), s = biased(sines + i, NULL, count);
    store_up_to(out + i, (a * c - b * s) * scale, count);
    store_up_to(out + half + i, (b * c + a * s) * scale, count);
  }
}

/// One head, padded with zeros; `rotated` leading dimensions rotate.
INLINE void place_head(float *restrict out, const float *restrict x, const float *restrict bias,
                       const struct ck_heads *heads, size_t rotated,
                       const float *restrict cosines, const float *restrict sines, float scale) {
  if (heads->padded > heads->size) store(out + heads->padded - 16, splat(0));
  if (heads->interleaved)
    place_pairs(out, x, bias, rotated, cosines, sines, scale);
  else
    place_halves(out, x, bias, rotated, cosines, sines, scale);
  place_rest(out, x, bias, rotated, heads->size, scale);
}

void CK_CLONE(ck_split_heads)(const float *restrict x, const float *restrict bias,
                    const struct ck_heads *heads, const int32_t *restrict positions,
                    const float *restrict cosines, const float *restrict sines, float query_scale,
                    size_t rows, float *restrict query_rows, float *restrict key_value_rows) {
  size_t size = heads->size, padded = heads->padded, half = heads->rotated / 2;
  size_t queries = heads->queries, keys = heads->key_values;
  for (size_t row = 0; row < rows; row++) {
    const float *cosine = cosines + (size_t)positions[row] * half;
    const float *sine = sines + (size_t)positions[row] * half;
    for (size_t head = 0; head < queries + 2 * keys; head++) {
      float *out = head < queries ? query_rows + head * padded
                                  : key_value_rows + (head - queries) * padded;
      place_head(out, x + head * size, bias ? bias + head * size : NULL, heads,
                 head < queries + keys ? heads->rotated : 0, cosine, sine,
                 head < queries ? query_scale : 1.0f);
    }
    x += (queries + 2 * keys) * size;
    query_rows += queries * padded;
    key_value_rows += 2 * keys * padded;
  }
}
