#include "ck_convert.h"

#include <stdint.h>
#include <string.h>

#include "clones.h"

CK_INLINE uint16_t load16(const void *source, size_t index) {
  uint16_t bits;
  memcpy(&bits, (const char *)source + 2 * index, sizeof bits);
  return bits;
}

CK_INLINE void store16(void *destination, size_t index, uint16_t bits) {
  memcpy((char *)destination + 2 * index, &bits, sizeof bits);
}

CK_INLINE uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

CK_INLINE float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

CK_INLINE float bf16_to_float(uint16_t half) { return float_of((uint32_t)half << 16); }

CK_INLINE uint16_t float_to_bf16(float value) {
  uint32_t bits = bits_of(value);
  uint32_t rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
  uint32_t quiet = (bits >> 16) | 0x40;
  return (uint16_t)((bits & 0x7FFFFFFF) > 0x7F800000 ? quiet : rounded);
}

// Half precision by integer arithmetic alone, so that every clone yields the same bits without F16C.

CK_INLINE float f16_to_float(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000) << 16;
  uint32_t shifted = (uint32_t)(half & 0x7FFF) << 13;
  uint32_t normal = shifted + (112u << 23);
  // A subnormal is 2^-14 * fraction: place the fraction behind 2^-14 and subtract it again.
  uint32_t subnormal = bits_of(float_of(shifted + (113u << 23)) - float_of(113u << 23));
  uint32_t special = shifted | 0x7F800000 | (shifted > (31u << 23) ? 0x00400000 : 0);
  uint32_t bits = shifted < (1u << 23) ? subnormal : normal;
  bits = shifted >= (31u << 23) ? special : bits;
  return float_of(sign | bits);
}

CK_INLINE uint16_t float_to_f16(float value) {
  uint32_t bits = bits_of(value);
  uint32_t sign = (bits >> 16) & 0x8000;
  uint32_t magnitude = bits & 0x7FFFFFFF;
  uint32_t normal = (magnitude - (112u << 23) + 0xFFF + ((magnitude >> 13) & 1)) >> 13;
  // Adding 0.5 leaves the multiple of 2^-24 in the low bits, rounded to nearest even by the addition.
  uint32_t subnormal = bits_of(float_of(magnitude) + 0.5f) - bits_of(0.5f);
  uint32_t result = magnitude < (113u << 23) ? subnormal : normal;
  result = magnitude >= 0x477FF000 ? 0x7C00 : result;
  result = magnitude > 0x7F800000 ? 0x7E00 | ((magnitude >> 13) & 0x3FF) : result;
  return (uint16_t)(sign | result);
}

CK_CLONES
void ck_widen_bf16(const void *restrict source, float *restrict destination, size_t count) {
  for (size_t i = 0; i < count; i++) destination[i] = bf16_to_float(load16(source, i));
}

CK_CLONES
void ck_widen_f16(const void *restrict source, float *restrict destination, size_t count) {
  for (size_t i = 0; i < count; i++) destination[i] = f16_to_float(load16(source, i));
}

CK_CLONES
void ck_narrow_bf16(const float *restrict source, void *restrict destination, size_t count) {
  for (size_t i = 0; i < count; i++) store16(destination, i, float_to_bf16(source[i]));
}

CK_CLONES
void ck_narrow_f16(const float *restrict source, void *restrict destination, size_t count) {
  for (size_t i = 0; i < count; i++) store16(destination, i, float_to_f16(source[i]));
}

CK_CLONES
void ck_round_bf16(float *values, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] = bf16_to_float(float_to_bf16(values[i]));
}

CK_CLONES
void ck_round_f16(float *values, size_t count) {
  for (size_t i = 0; i < count; i++) values[i] = f16_to_float(float_to_f16(values[i]));
}
