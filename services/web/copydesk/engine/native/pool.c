#include "pool.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

/* How long to wait awake: some twenty microseconds at a meeting, some more between two steps of a text under way. Then we sleep, so
   that on a busy machine the core goes to whoever is late. */
#define SPINS_AT_MEETING 500
#define SPINS_WHEN_IDLE 2000

struct team {
    pool *pool;
    int number;
    int sense;
    pthread_t thread;
};

struct pool {
    int threads;
    team *teams;
    together function;
    void *argument;
    int active;            /* threads that take part in this call */
    atomic_int arrived;    /* at the meeting */
    atomic_int sense;      /* flips when all have come */
    atomic_int_fast64_t call; /* its number, and below it how many take part */
    atomic_int sleepers;
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* `sense` or `call` */
};

#define TAKING_PART(call) ((int)((call) & 0xff))

static inline void breathe(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void wake(pool *p) {
    if (!atomic_load(&p->sleepers)) return;
    pthread_mutex_lock(&p->mutex);
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->mutex);
}

void meet(team *us) {
    if (!us || us->pool->active == 1) return;
    pool *p = us->pool;
    const int sense = us->sense = !us->sense;
    if (atomic_fetch_add(&p->arrived, 1) == p->active - 1) {
        atomic_store(&p->arrived, 0);
        atomic_store(&p->sense, sense);
        wake(p);
        return;
    }
    for (int spins = 0; spins < SPINS_AT_MEETING; spins++) {
        if (atomic_load_explicit(&p->sense, memory_order_acquire) == sense) return;
        breathe();
    }
    pthread_mutex_lock(&p->mutex);
    atomic_fetch_add(&p->sleepers, 1);
    while (atomic_load(&p->sense) != sense) pthread_cond_wait(&p->changed, &p->mutex);
    atomic_fetch_sub(&p->sleepers, 1);
    pthread_mutex_unlock(&p->mutex);
}

int team_number(const team *us) { return us->number; }

int pool_threads(const pool *p) { return p->threads; }

static int64_t next_call(pool *p, int64_t last) {
    int64_t call;
    for (int spins = 0; spins < SPINS_WHEN_IDLE; spins++) {
        if ((call = atomic_load_explicit(&p->call, memory_order_acquire)) != last) return call;
        breathe();
    }
    pthread_mutex_lock(&p->mutex);
    atomic_fetch_add(&p->sleepers, 1);
    while ((call = atomic_load(&p->call)) == last) pthread_cond_wait(&p->changed, &p->mutex);
    atomic_fetch_sub(&p->sleepers, 1);
    pthread_mutex_unlock(&p->mutex);
    return call;
}

static void *live(void *argument) {
    team *us = argument;
    pool *p = us->pool;
    for (int64_t call = 0;;) {
        call = next_call(p, call);
        if (!TAKING_PART(call)) return NULL;
        if (us->number >= TAKING_PART(call)) continue;
        us->sense = atomic_load(&p->sense);
        p->function(us, p->argument);
        meet(us);
    }
}

static void make_call(pool *p, int active) {
    const int64_t number = (atomic_load(&p->call) >> 8) + 1;
    p->active = active;
    atomic_store(&p->call, number << 8 | active);
    wake(p);
}

pool *pool_new(int threads) {
    pool *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    threads = threads > 255 ? 255 : threads;
    p->teams = calloc((size_t)threads, sizeof *p->teams);
    if (!p->teams) return free(p), NULL;
    pthread_mutex_init(&p->mutex, NULL);
    pthread_cond_init(&p->changed, NULL);
    for (int number = 0; number < threads; number++) {
        p->teams[number] = (team){.pool = p, .number = number};
        if (number && pthread_create(&p->teams[number].thread, NULL, live, &p->teams[number])) break;
        p->threads = number + 1; /* fewer threads than wished for are enough */
    }
    return p;
}

void pool_free(pool *p) {
    if (!p) return;
    make_call(p, 0);
    for (int number = 1; number < p->threads; number++) pthread_join(p->teams[number].thread, NULL);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->mutex);
    free(p->teams);
    free(p);
}

void pool_run(pool *p, int threads, together function, void *argument) {
    p->function = function;
    p->argument = argument;
    threads = threads < p->threads ? threads : p->threads;
    team *us = &p->teams[0];
    us->sense = atomic_load(&p->sense);
    if (threads > 1) make_call(p, threads);
    else p->active = 1;
    function(us, argument);
    meet(us);
}
