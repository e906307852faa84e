#define _GNU_SOURCE
#include "ck_machine.h"

#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <unistd.h>

int ck_processor_count(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int)online : 1;
}

void ck_start_writing(int descriptor, int64_t offset, int64_t count) {
  sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
}

void ck_return_free_memory(void) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}
