#ifndef MERGEVOLVE_CK_MACHINE_H
#define MERGEVOLVE_CK_MACHINE_H

/// Processors that this process may run on, at least 1.
int ck_processor_count(void);

#endif
