#include "merge_direct.h"

#define CK_CLONE(name) name##_base

#include "merge_direct_bodies.h"
