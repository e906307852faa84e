// Reading stored elements and writing results; compiled once per CPU level, see merge_direct_v4.c.

typedef uint8_t u8x16 __attribute__((vector_size(16)));
typedef uint16_t u16x16 __attribute__((vector_size(32)));
typedef uint16_t u16x32 __attribute__((vector_size(64)));
typedef uint32_t u32x16 __attribute__((vector_size(64)));
typedef uint64_t u64x8 __attribute__((vector_size(64)));

enum {
  /// Two vectors are written together: 32 results of 16 bits fill a cache line.
  STEP = 32,
  /// Elements that pass through the stages of a merge together; their rows stay in the first cache.
  BLOCK = 256,
};

// Stored elements ---------------------------------------------------------------------------------

INLINE f32x16 widen_f16(u16x16 stored) {
  u32x16 half = __builtin_convertvector(stored, u32x16);
  u32x16 sign = (half & 0x8000) << 16;
  u32x16 shifted = (half & 0x7FFF) << 13;
  f32x16 offset = (f32x16)((u32x16){0} + (113u << 23));
  u32x16 normal = shifted + (112u << 23);
  u32x16 subnormal = (u32x16)((f32x16)(shifted + (113u << 23)) - offset);
  u32x16 quiet = (u32x16)(shifted > (31u << 23)) & 0x00400000;
  u32x16 special = shifted | 0x7F800000 | quiet;
  i32x16 is_subnormal = (i32x16)(shifted < (1u << 23));
  i32x16 is_special = (i32x16)(shifted >= (31u << 23));
  f32x16 value = choose(is_subnormal, (f32x16)subnormal, (f32x16)normal);
  value = choose(is_special, (f32x16)special, value);
  return (f32x16)(sign | (u32x16)value);
}

INLINE f32x16 widened(u16x16 stored, enum ck_stored format) {
  if (format == CK_STORED_F16) return widen_f16(stored);
  return (f32x16)(__builtin_convertvector(stored, u32x16) << 16);
}

/// Sixteen elements from `index` on, of which `count` exist; the others are 0.
INLINE f32x16 read_part(const void *source, enum ck_stored format, size_t index, size_t count) {
  if (format == CK_STORED_F32) {
    f32x16 value = {0};
    memcpy(&value, (const char *)source + 4 * index, 4 * count);
    return value;
  }
  u16x16 stored = {0};
  memcpy(&stored, (const char *)source + 2 * index, 2 * count);
  return widened(stored, format);
}

INLINE f32x16 read(const void *source, enum ck_stored format, size_t index) {
  if (format == CK_STORED_F32) {
    f32x16 value;
    memcpy(&value, (const char *)source + 4 * index, sizeof value);
    return value;
  }
  u16x16 stored;
  memcpy(&stored, (const char *)source + 2 * index, sizeof stored);
  return widened(stored, format);
}

// Results -----------------------------------------------------------------------------------------

INLINE u32x16 bf16_bits(f32x16 value) {
  u32x16 bits = (u32x16)value;
  u32x16 rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  u32x16 quiet = (bits >> 16) | 0x40;
  i32x16 is_nan = (i32x16)((bits & 0x7FFFFFFF) > 0x7F800000);
  return (u32x16)choose(is_nan, (f32x16)quiet, (f32x16)rounded);
}

INLINE u32x16 f16_bits(f32x16 value) {
  u32x16 bits = (u32x16)value;
  u32x16 sign = (bits >> 16) & 0x8000;
  u32x16 magnitude = bits & 0x7FFFFFFF;
  u32x16 normal = (magnitude - (112u << 23) + 0xFFF + ((magnitude >> 13) & 1)) >> 13;
  u32x16 subnormal = (u32x16)((f32x16)magnitude + 0.5f) - 0x3F000000;
  f32x16 result =
      choose((i32x16)(magnitude < (113u << 23)), (f32x16)subnormal, (f32x16)normal);
  result = choose(
      (i32x16)(magnitude >= 0x477FF000), (f32x16)((u32x16){0} + 0x7C00), result);
  result = choose(
      (i32x16)(magnitude > 0x7F800000), (f32x16)(((magnitude >> 13) & 0x3FF) | 0x7E00), result);
  return sign | (u32x16)result;
}

INLINE u16x16 narrowed(f32x16 value, enum ck_result kind) {
  u32x16 bits = kind == CK_RESULT_F16 ? f16_bits(value) : bf16_bits(value);
  return __builtin_convertvector(bits, u16x16);
}

INLINE f32x16 rounded(f32x16 value, enum ck_result kind) {
  if (kind == CK_RESULT_F32_OF_BF16) return (f32x16)(bf16_bits(value) << 16);
  if (kind == CK_RESULT_F32_OF_F16) {
    return widen_f16(__builtin_convertvector(f16_bits(value), u16x16));
  }
  return value;
}

INLINE bool is_narrow(enum ck_result kind) {
  return kind == CK_RESULT_F16 || kind == CK_RESULT_BF16;
}

/// `count` of sixteen results.
INLINE void write_part(
    const struct ck_merge_target *target, size_t index, f32x16 value, size_t count) {
  if (is_narrow(target->kind)) {
    u16x16 bits = narrowed(value, target->kind);
    memcpy((char *)target->values + 2 * index, &bits, 2 * count);
  } else {
    f32x16 result = rounded(value, target->kind);
    memcpy((char *)target->values + 4 * index, &result, 4 * count);
  }
}

/// Thirty-two results; where they are streamed, they begin at a multiple of 64 bytes.
INLINE void write(
    const struct ck_merge_target *target, size_t index, f32x16 first, f32x16 second) {
  if (is_narrow(target->kind)) {
    u16x32 bits = __builtin_shufflevector(
        narrowed(first, target->kind), narrowed(second, target->kind), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
        10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
    char *place = (char *)target->values + 2 * index;
    if (target->streaming) {
      __builtin_nontemporal_store(bits, (u16x32 *)place);
    } else {
      memcpy(place, &bits, sizeof bits);
    }
  } else {
    first = rounded(first, target->kind);
    second = rounded(second, target->kind);
    char *place = (char *)target->values + 4 * index;
    if (target->streaming) {
      __builtin_nontemporal_store(first, (f32x16 *)place);
      __builtin_nontemporal_store(second, (f32x16 *)(place + sizeof first));
    } else {
      memcpy(place, &first, sizeof first);
      memcpy(place + sizeof first, &second, sizeof second);
    }
  }
}

/// How many results come before the first that may be streamed.
INLINE size_t results_before_line(const struct ck_merge_target *target, size_t count) {
  if (!target->streaming) return 0;
  size_t width = is_narrow(target->kind) ? 2 : 4;
  size_t before = (64 - (uintptr_t)target->values % 64) % 64 / width;
  return before < count ? before : count;
}
