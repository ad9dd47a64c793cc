/* Sixteen numbers at a time, in clang's vector types: the compiler makes one, two or four machine vectors of each.

   Every sum in the kernel has one fixed order over these sixteen lanes, fused multiply-adds are written out, and the
   exponential is our own. So the result of any operation is the same to the last bit on every processor. */

#ifndef COPYDESK_VECTORS_H
#define COPYDESK_VECTORS_H

#include <stdint.h>
#include <string.h>

#define LANES 16

typedef float vector __attribute__((vector_size(64)));
typedef int32_t integers __attribute__((vector_size(64)));
typedef int8_t bytes __attribute__((vector_size(16)));
typedef _Float16 halves __attribute__((vector_size(32)));

static inline vector load(const float *from) {
    vector value;
    memcpy(&value, from, sizeof value);
    return value;
}

static inline void store(float *to, vector value) { memcpy(to, &value, sizeof value); }

static inline vector load_halves(const _Float16 *from) {
    halves value;
    memcpy(&value, from, sizeof value);
    return __builtin_convertvector(value, vector);
}

static inline void store_halves(_Float16 *to, vector value) {
    const halves narrow = __builtin_convertvector(value, halves);
    memcpy(to, &narrow, sizeof narrow);
}

static inline vector all(float value) {
    vector result = {value, value, value, value, value, value, value, value,
                     value, value, value, value, value, value, value, value};
    return result;
}

static inline vector fused(vector a, vector b, vector c) { return __builtin_elementwise_fma(a, b, c); }

/* The sum of the lanes: neighbours eight apart, then four, two and one. */
static inline float sum(vector v) {
    float x[LANES];
    store(x, v);
    for (int step = LANES / 2; step > 0; step /= 2)
        for (int lane = 0; lane < step; lane++) x[lane] += x[lane + step];
    return x[0];
}

static inline float greatest(vector v) {
    float x[LANES];
    store(x, v);
    float most = x[0];
    for (int lane = 1; lane < LANES; lane++) most = x[lane] > most ? x[lane] : most;
    return most;
}

/* `a` where `which` is set, else `b`. */
static inline vector pick(integers which, vector a, vector b) {
    integers x, y;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    const integers bits = (x & which) | (y & ~which);
    vector result;
    memcpy(&result, &bits, sizeof result);
    return result;
}

/* e to the x, to two units in the last place (the polynomial of Cephes' expf); 0 below -87. */
static inline vector exponential(vector x) {
    const vector least = all(-87.0f);
    const integers underflow = x < least;
    x = __builtin_elementwise_max(x, least);
    x = __builtin_elementwise_min(x, all(88.0f));
    const vector n = __builtin_elementwise_floor(fused(x, all(1.44269504088896341f), all(0.5f)));
    vector r = fused(n, all(-0.693359375f), x);
    r = fused(n, all(2.12194440e-4f), r);
    vector p = all(1.9875691500e-4f);
    p = fused(p, r, all(1.3981999507e-3f));
    p = fused(p, r, all(8.3334519073e-3f));
    p = fused(p, r, all(4.1665795894e-2f));
    p = fused(p, r, all(1.6666665459e-1f));
    p = fused(p, r, all(5.0000001201e-1f));
    p = fused(p, r * r, r) + all(1.0f);
    const integers bits = (__builtin_convertvector(n, integers) + 127) << 23;
    vector power;
    memcpy(&power, &bits, sizeof power);
    return pick(underflow, all(0), p * power);
}

/* GPT-2's activation ("gelu_new"): x/2 (1 + tanh u) = x / (1 + exp(-2u)), u = sqrt(2/pi) (x + 0.044715 x^3). */
static inline vector gelu(vector x) {
    const vector cubic = fused(x * x * x, all(0.044715f), x);
    return x / (all(1.0f) + exponential(cubic * all(-1.5957691216057308f)));
}

#endif
