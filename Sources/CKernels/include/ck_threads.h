#ifndef MERGEVOLVE_CK_THREADS_H
#define MERGEVOLVE_CK_THREADS_H

/// Makes OpenMP regions of the calling thread run on that thread alone; the setting is per thread.
///
/// Does nothing if no OpenMP library is loaded.
void ck_use_one_openmp_thread(void);

/// Whether this processor has AVX-512 F, BW, DQ, VL and CD (x86-64-v4).
int ck_has_avx512(void);

#endif
