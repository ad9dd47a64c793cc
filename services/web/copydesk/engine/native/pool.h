/* Threads that do the same work together: every one runs the function, and shares the parts out as it goes. */

#ifndef COPYDESK_POOL_H
#define COPYDESK_POOL_H

#include <stdatomic.h>

typedef struct pool pool;
typedef struct team team; /* one thread's view of the pool, handed to the function */

typedef void (*together)(team *us, void *argument);

pool *pool_new(int threads);
void pool_free(pool *p);
void pool_run(pool *p, int threads, together function, void *argument); /* on so many of them, at most all */
int pool_threads(const pool *p);

/* Inside the function: wait for all; take the next part of the work, which ends at `parts`. */
void meet(team *us);
int team_number(const team *us);

/* Hands out `parts` pieces, `size` at a time, to whoever is free: a thread that the system stopped delays only its piece. */
static inline int next_part(atomic_int *taken, int parts, int size, int *from, int *to) {
    *from = atomic_fetch_add_explicit(taken, size, memory_order_relaxed);
    *to = *from + size < parts ? *from + size : parts;
    return *from < parts;
}

#endif
