#ifndef MERGEVOLVE_CKERNELS_H
#define MERGEVOLVE_CKERNELS_H

#include "ck_convert.h"
#include "ck_decoder.h"
#include "ck_machine.h"
#include "ck_scan.h"
#include "ck_threads.h"
#include "ck_merge.h"
#include "ck_merge_lines.h"
#include "ck_merge_relative.h"
#include "ck_merge_direct.h"

#endif
