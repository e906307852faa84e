// Vectors are passed between inlined functions only, so their calling convention does not matter.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"
// The same bits on every CPU: nothing is fused.
#pragma clang fp contract(off)

#include "vectors.h"

#include "merge_direct_elements.h"
#include "merge_direct_words.h"

#include "merge_direct_combination.h"
#include "merge_direct_pairs.h"

#include "merge_direct_clone.h"
#include "merge_direct_sce.h"

#pragma clang diagnostic pop
