#ifndef MERGEVOLVE_CK_MACHINE_H
#define MERGEVOLVE_CK_MACHINE_H

/// Processors that this process may run on, at least 1.
int ck_processor_count(void);

/// Hands free memory of the heap back to the system, where the C library can.
void ck_return_free_memory(void);

#endif
