// What Linux has and Swift cannot call, because it takes a variable number of arguments.
#ifndef FOOTBRIDGE_LINUX_H
#define FOOTBRIDGE_LINUX_H

#include <sys/prctl.h>

/// No core is written of this process, wherever it would go to, and no other process of its user can look into it.
static inline int footbridge_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

#endif
