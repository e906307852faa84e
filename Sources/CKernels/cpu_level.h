#ifndef MERGEVOLVE_CPU_LEVEL_H
#define MERGEVOLVE_CPU_LEVEL_H

// Calls the clone of a kernel that fits the CPU: name_v4, name_v3 or name_base.

#if defined(__x86_64__)

/// 2 with AVX-512, 1 with AVX2 and fused multiply-add, else 0.
int ck_cpu_level(void);

#define CK_CALL_FOR_LEVEL(name, ...)          \
  do {                                        \
    switch (ck_cpu_level()) {                 \
      case 2: return name##_v4(__VA_ARGS__);  \
      case 1: return name##_v3(__VA_ARGS__);  \
      default: return name##_base(__VA_ARGS__); \
    }                                         \
  } while (0)

#else

#define CK_CALL_FOR_LEVEL(name, ...) return name##_base(__VA_ARGS__)

#endif

#endif
