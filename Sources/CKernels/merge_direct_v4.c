#include "merge_direct.h"

#if defined(__x86_64__)

#define CK_CLONE(name) name##_v4
/// Thirty-two registers of 64 bytes.
#define CK_HAS_WIDE_REGISTERS 1

#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
#include "merge_direct_bodies.h"
#pragma clang attribute pop

#endif
