#ifndef MERGEVOLVE_CK_MACHINE_H
#define MERGEVOLVE_CK_MACHINE_H

#include <stdint.h>

/// Processors that this process may run on, at least 1.
int ck_processor_count(void);

/// Lets the disk begin to write a range of a file; errors show up when the file is synchronised.
void ck_start_writing(int descriptor, int64_t offset, int64_t count);

/// Hands free memory of the heap back to the system, where the C library can.
void ck_return_free_memory(void);

#endif
