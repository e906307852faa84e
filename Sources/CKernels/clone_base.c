#include "clone.h"

#define CK_CLONE(name) name##_base

#include "clone_bodies.h"
