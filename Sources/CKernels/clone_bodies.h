// Vectors are passed between inlined functions only, so their calling convention does not matter.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpsabi"
#pragma clang fp contract(fast)

#include "vectors.h"

#include "attention_view.h"
#include "attention_clone.h"
#include "decoder_clone.h"
#include "logits_clone.h"

#pragma clang diagnostic pop
