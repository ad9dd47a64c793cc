#include "matrix.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "vectors.h"

#if defined(__AVX512VNNI__) || defined(__AVX2__)
#include <immintrin.h>
#endif

#define TOKENS_AT_ONCE 8 /* rows of activations that share one reading of the weights */

int group_for(int inputs) { return inputs % 64 == 0 ? 64 : inputs % 32 == 0 ? 32 : 0; }

static int blocks_of(const matrix *m) { return (m->outputs + LANES - 1) / LANES; }

static size_t group_bytes(const matrix *m) { return (size_t)m->group * LANES + LANES * sizeof(float); }

static size_t block_bytes(const matrix *m) {
    return m->group ? (size_t)(m->inputs / m->group) * group_bytes(m) : (size_t)m->inputs * LANES * sizeof(float);
}

static void pack_exact(float *to, const float *weights, int inputs, int first, int outputs, size_t by_input,
                       size_t by_output) {
    for (int input = 0; input < inputs; input++)
        for (int lane = 0; lane < LANES; lane++) {
            const int output = first + lane;
            *to++ = output < outputs ? weights[(size_t)input * by_input + (size_t)output * by_output] : 0.0f;
        }
}

/* One group of one output: bytes at every fourth place of 16 lanes, and the scale. */
static void pack_group(uint8_t *to, float *scale, const float *weights, int group, size_t by_input) {
    float most = 0;
    for (int i = 0; i < group; i++) most = __builtin_fmaxf(most, __builtin_fabsf(weights[(size_t)i * by_input]));
    *scale = most / 127.0f;
    const float inverse = most > 0 ? 127.0f / most : 0;
    for (int i = 0; i < group; i++) {
        const int number = (int)__builtin_roundevenf(weights[(size_t)i * by_input] * inverse);
        to[(i / 4) * 4 * LANES + i % 4] = (uint8_t)(number + 128);
    }
}

static void pack_bytes(uint8_t *to, const matrix *m, const float *weights, int first, int outputs, size_t by_input,
                       size_t by_output) {
    for (int start = 0; start < m->inputs; start += m->group, to += group_bytes(m)) {
        float scales[LANES] = {0};
        memset(to, 128, (size_t)m->group * LANES);
        for (int lane = 0; lane < LANES && first + lane < outputs; lane++)
            pack_group(to + 4 * lane, &scales[lane],
                       weights + (size_t)start * by_input + (size_t)(first + lane) * by_output, m->group, by_input);
        memcpy(to + (size_t)m->group * LANES, scales, sizeof scales);
    }
}

int matrix_new(matrix *m, int inputs, int outputs, int group) {
    *m = (matrix){.inputs = inputs, .outputs = outputs, .group = group};
    m->bytes = block_bytes(m) * (size_t)blocks_of(m);
    void *data = mmap(NULL, m->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) return m->bytes = 0, -1;
#ifdef MADV_HUGEPAGE
    madvise(data, m->bytes, MADV_HUGEPAGE);
#endif
    m->data = data;
    return 0;
}

void matrix_pack(matrix *m, const float *weights, int first, int outputs, size_t by_input, size_t by_output) {
    for (int done = 0; done < outputs; done += LANES) {
        uint8_t *to = m->data + (size_t)((first + done) / LANES) * block_bytes(m);
        if (m->group) pack_bytes(to, m, weights, done, outputs, by_input, by_output);
        else pack_exact((float *)to, weights, m->inputs, done, outputs, by_input, by_output);
    }
}

void matrix_free(matrix *m) {
    if (m->data) munmap(m->data, m->bytes);
    m->data = NULL;
}

void matrix_row(const matrix *m, int output, float *row) {
    const uint8_t *block = m->data + (size_t)(output / LANES) * block_bytes(m);
    const int lane = output % LANES;
    for (int input = 0; input < m->inputs; input++) {
        if (!m->group) {
            row[input] = ((const float *)block)[(size_t)input * LANES + lane];
            continue;
        }
        const int i = input % m->group;
        const uint8_t *group = block + (size_t)(input / m->group) * group_bytes(m);
        float scale;
        memcpy(&scale, group + (size_t)m->group * LANES + lane * sizeof scale, sizeof scale);
        row[input] = (float)(group[((i / 4) * LANES + lane) * 4 + i % 4] - 128) * scale;
    }
}

static void quantize_group(const float *x, int group, int8_t *numbers, float *scale, int32_t *offset) {
    vector most = all(0);
    for (int i = 0; i < group; i += LANES) most = __builtin_elementwise_max(most, __builtin_elementwise_abs(load(x + i)));
    const float largest = greatest(most);
    const vector inverse = all(largest > 0 ? 127.0f / largest : 0);
    integers totals = {0};
    for (int i = 0; i < group; i += LANES) {
        const integers rounded = __builtin_convertvector(__builtin_elementwise_roundeven(load(x + i) * inverse), integers);
        const bytes narrow = __builtin_convertvector(rounded, bytes);
        memcpy(numbers + i, &narrow, sizeof narrow);
        totals += rounded;
    }
    const int32_t total = __builtin_reduce_add(totals);
    *scale = largest / 127.0f;
    *offset = -128 * total;
}

void activations_ready(activations *a, int token) {
    if (!a->group) return;
    const int groups = a->width / a->group;
    for (int g = 0; g < groups; g++) {
        const size_t at = (size_t)token * (size_t)a->width + (size_t)g * (size_t)a->group;
        const size_t of = (size_t)token * (size_t)groups + (size_t)g;
        quantize_group(a->exact + at, a->group, a->numbers + at, a->scales + of, a->offsets + of);
    }
}

/* sums[lane] += four products of unsigned weights and signed numbers; exact, so that every way to do it agrees. */
#if defined(__AVX512VNNI__)
static inline integers dot(integers sums, const uint8_t *weights, int32_t four_numbers) {
    return (integers)_mm512_dpbusd_epi32((__m512i)sums, _mm512_loadu_si512(weights), _mm512_set1_epi32(four_numbers));
}
#elif defined(__AVX2__)
/* Even and odd bytes apart: the sum of two products would not fit into 16 bits. */
static inline __m256i dot_half(__m256i sums, const uint8_t *weights, __m256i numbers) {
    const __m256i w = _mm256_loadu_si256((const __m256i *)weights), even = _mm256_set1_epi16(0x00ff);
    const __m256i ones = _mm256_set1_epi16(1);
    const __m256i a = _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_and_si256(w, even), numbers), ones);
    const __m256i b = _mm256_madd_epi16(_mm256_maddubs_epi16(_mm256_andnot_si256(even, w), numbers), ones);
    return _mm256_add_epi32(sums, _mm256_add_epi32(a, b));
}

static inline integers dot(integers sums, const uint8_t *weights, int32_t four_numbers) {
    const __m256i numbers = _mm256_set1_epi32(four_numbers);
    __m256i halves_[2];
    memcpy(halves_, &sums, sizeof sums);
    halves_[0] = dot_half(halves_[0], weights, numbers);
    halves_[1] = dot_half(halves_[1], weights + 32, numbers);
    memcpy(&sums, halves_, sizeof sums);
    return sums;
}
#else
static inline integers dot(integers sums, const uint8_t *weights, int32_t four_numbers) {
    int8_t numbers[4];
    memcpy(numbers, &four_numbers, sizeof numbers);
    for (int lane = 0; lane < LANES; lane++)
        for (int i = 0; i < 4; i++) sums[lane] += weights[4 * lane + i] * numbers[i];
    return sums;
}
#endif

const char *processor(void) {
#if defined(__AVX512VNNI__)
    return "avx512-vnni";
#elif defined(__AVX2__)
    return "avx2";
#elif defined(__aarch64__)
    return "arm64";
#else
    return "generic";
#endif
}

#define BLOCKS 2 /* blocks of outputs that share one reading of the activations */

/* Which lines of memory to fetch while a group is at work, so that reading weights and computing go on together: those of the next
   blocks, each of the rows of tokens fetching a share; with few tokens those a little ahead in the same blocks. */
typedef struct {
    size_t ahead;
    int from, to;
} soon;

/* Sums of `tokens` rows with `blocks` blocks. Both are constants where it is called, so that all of `sums` is registers. */
static inline __attribute__((always_inline)) void bytes_tile(const matrix *m, const activations *a, int first, int block,
                                                             const int tokens, const int blocks, const soon soon,
                                                             vector sums[TOKENS_AT_ONCE][BLOCKS]) {
    const int group = m->group, groups = m->inputs / group;
    const size_t step = group_bytes(m), apart = block_bytes(m);
    const uint8_t *weights = m->data + (size_t)block * apart;
    const int8_t *numbers = a->numbers + (size_t)first * (size_t)a->width;
    const float *scales = a->scales + (size_t)first * (size_t)groups;
    const int32_t *offsets = a->offsets + (size_t)first * (size_t)groups;
    for (int g = 0; g < groups; g++, weights += step, numbers += group) {
        integers products[TOKENS_AT_ONCE][BLOCKS];
        for (int t = 0; t < tokens; t++)
            for (int b = 0; b < blocks; b++) products[t][b] = (integers){0} + offsets[t * groups + g];
        for (int quad = 0; quad < group / 4; quad++) {
            if (quad >= soon.from && quad < soon.to)
                for (int b = 0; b < blocks; b++)
                    __builtin_prefetch(weights + (size_t)b * apart + soon.ahead + (size_t)quad * 4 * LANES, 0, 3);
            for (int t = 0; t < tokens; t++) {
                int32_t four;
                memcpy(&four, numbers + (size_t)t * (size_t)a->width + 4 * quad, sizeof four);
                for (int b = 0; b < blocks; b++)
                    products[t][b] = dot(products[t][b], weights + (size_t)b * apart + (size_t)quad * 4 * LANES, four);
            }
        }
        for (int b = 0; b < blocks; b++) {
            const vector scale = load((const float *)(weights + (size_t)b * apart + (size_t)group * LANES));
            for (int t = 0; t < tokens; t++)
                sums[t][b] = fused(__builtin_convertvector(products[t][b], vector), scale * all(scales[t * groups + g]),
                                   sums[t][b]);
        }
    }
}

static inline __attribute__((always_inline)) void exact_tile(const matrix *m, const activations *a, int first, int block,
                                                             const int tokens, const int blocks,
                                                             vector sums[TOKENS_AT_ONCE][BLOCKS]) {
    const float *weights = (const float *)(m->data + (size_t)block * block_bytes(m));
    const size_t apart = block_bytes(m) / sizeof(float);
    const float *x = a->exact + (size_t)first * (size_t)a->width;
    for (int input = 0; input < m->inputs; input++, weights += LANES)
        for (int b = 0; b < blocks; b++) {
            const vector w = load(weights + (size_t)b * apart);
            for (int t = 0; t < tokens; t++)
                sums[t][b] = fused(w, all(x[(size_t)t * (size_t)a->width + input]), sums[t][b]);
        }
}

static inline __attribute__((always_inline)) void tile(const matrix *m, const activations *a, int first, int block,
                                                       const int tokens, const int blocks, const soon soon,
                                                       vector sums[TOKENS_AT_ONCE][BLOCKS]) {
    for (int t = 0; t < tokens; t++)
        for (int b = 0; b < blocks; b++) sums[t][b] = all(0);
    if (m->group) bytes_tile(m, a, first, block, tokens, blocks, soon, sums);
    else exact_tile(m, a, first, block, tokens, blocks, sums);
}

#define CASE(T) case T: if (blocks == 2) tile(m, a, first, block, T, 2, soon, sums); else tile(m, a, first, block, T, 1, soon, sums); break;

static void any_tile(const matrix *m, const activations *a, int first, int block, int tokens, int blocks, soon soon,
                     vector sums[TOKENS_AT_ONCE][BLOCKS]) {
    switch (tokens) {
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8)
    }
}

static void finish(vector sums, const float *bias, int output, int outputs, float *to, ending how) {
    float out[LANES];
    const int lanes = outputs - output < LANES ? outputs - output : LANES;
    if (lanes == LANES) {
        if (bias) sums = sums + load(bias + output);
        if (how == ADD) sums = sums + load(to);
        if (how == GELU) sums = gelu(sums);
        store(to, sums);
        return;
    }
    store(out, sums); /* the last block of a vocabulary; layers have whole ones */
    for (int lane = 0; lane < lanes; lane++) to[lane] = out[lane] + (bias ? bias[output + lane] : 0);
}

static soon lines_soon(const matrix *m, int first, int tokens) {
    const int lines = m->group / 4, tiles = (tokens + TOKENS_AT_ONCE - 1) / TOKENS_AT_ONCE, tile = first / TOKENS_AT_ONCE;
    if (tokens == 1) return (soon){2 * group_bytes(m), 0, lines};
    return (soon){BLOCKS * block_bytes(m), tile * lines / tiles, (tile + 1) * lines / tiles};
}

void multiply(const matrix *m, const activations *a, int tokens, const float *bias, float *results, size_t stride,
              ending how, atomic_int *taken) {
    const int blocks = blocks_of(m), pairs = (blocks + BLOCKS - 1) / BLOCKS;
    const int size = pairs > 128 ? 16 : pairs > 32 ? pairs / 8 : 3;
    vector sums[TOKENS_AT_ONCE][BLOCKS];
    int from, to;
    while (next_part(taken, pairs, size, &from, &to))
        for (int pair = from; pair < to; pair++) {
            const int block = pair * BLOCKS, here = blocks - block < BLOCKS ? blocks - block : BLOCKS;
            for (int first = 0; first < tokens; first += TOKENS_AT_ONCE) {
                const int some = tokens - first < TOKENS_AT_ONCE ? tokens - first : TOKENS_AT_ONCE;
                any_tile(m, a, first, block, some, here, lines_soon(m, first, tokens), sums);
                for (int t = 0; t < some; t++)
                    for (int b = 0; b < here; b++) {
                        const int output = (block + b) * LANES;
                        finish(sums[t][b], bias, output, m->outputs, results + (size_t)(first + t) * stride + output, how);
                    }
            }
        }
}
