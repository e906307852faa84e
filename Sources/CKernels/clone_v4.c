#include "clone.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define CK_CLONE(name) name##_v4
/// Vectors load and store in part.
#define CK_HAS_MASKS 1

#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
#include "clone_bodies.h"
#pragma clang attribute pop

#endif
