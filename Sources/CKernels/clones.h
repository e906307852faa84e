#ifndef MERGEVOLVE_CK_CLONES_H
#define MERGEVOLVE_CK_CLONES_H

/// Compiles a function for AVX-512, AVX2 and plain x86-64; the loader picks one for the CPU.
///
/// Helpers that such a function calls must be `static inline` with `CK_INLINE`, so that each clone gets
/// its own copy.
#if defined(__x86_64__)
#define CK_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CK_CLONES
#endif

#define CK_INLINE static inline __attribute__((always_inline))

#endif
