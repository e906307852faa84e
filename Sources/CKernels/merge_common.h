#ifndef MERGEVOLVE_MERGE_COMMON_H
#define MERGEVOLVE_MERGE_COMMON_H

#include <stdint.h>
#include <string.h>

#include "ck_merge.h"
#include "clones.h"

/// The bits of |x|.
CK_INLINE uint32_t magnitude_key(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits & 0x7FFFFFFF;
}

#endif
