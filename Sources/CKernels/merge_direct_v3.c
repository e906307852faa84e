#include "merge_direct.h"

#if defined(__x86_64__)

#define CK_CLONE(name) name##_v3

#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#include "merge_direct_bodies.h"
#pragma clang attribute pop

#endif
