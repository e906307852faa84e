#ifndef MERGEVOLVE_CK_SCAN_H
#define MERGEVOLVE_CK_SCAN_H

#include <stddef.h>
#include <stdint.h>

/// Number of NaNs and infinities among little-endian floating-point numbers at any alignment.
size_t ck_count_non_finite_16(const uint8_t *bytes, size_t count, uint16_t exponent_mask);
size_t ck_count_non_finite_f32(const uint8_t *bytes, size_t count);
size_t ck_count_non_finite_f64(const uint8_t *bytes, size_t count);

/// The 128-bit hash of a block of bytes; see content_hash.c for its construction.
void ck_hash_block(const uint8_t *bytes, size_t count, uint64_t result[2]);

#endif
