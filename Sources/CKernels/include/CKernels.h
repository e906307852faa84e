#ifndef MERGEVOLVE_CKERNELS_H
#define MERGEVOLVE_CKERNELS_H

#include <stddef.h>
#include <stdint.h>

/// Widens bfloat16 bit patterns to single precision; exact for every input.
void ck_widen_bf16(const uint16_t *restrict source, float *restrict destination, size_t count);

#endif
