#include "CKernels.h"

#include <string.h>

void ck_widen_bf16(const uint16_t *restrict source, float *restrict destination, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t bits = (uint32_t)source[i] << 16;
    memcpy(&destination[i], &bits, sizeof bits);
  }
}
