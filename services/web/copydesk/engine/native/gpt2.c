#include "gpt2.h"

#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "matrix.h"
#include "vectors.h"

typedef struct {
    float *norm1_scale, *norm1_shift, *attention_bias, *attention_out_bias;
    float *norm2_scale, *norm2_shift, *inner_bias, *inner_out_bias;
    matrix attention, attention_out, inner, inner_out;
} layer;

#define WORTH_A_THREAD 16e6 /* bytes of weights that another thread has to have to read */
#define PIECES 10 /* of work in a layer that are handed out; three more come before and after the layers */

struct gpt2 {
    gpt2_shape is;
    int head; /* width of a head */
    pool *pool;
    layer *layers;
    matrix embedding; /* also the last matrix: scores are products with it */
    float *positions, *last_scale, *last_shift;

    uint8_t *cache; /* pages, each (layers, keys or values, ...) */
    size_t cache_bytes, page_bytes, number_bytes;

    /* room for one step */
    float *x;           /* (tokens, width): the texts on their way through the layers */
    float *mixed;       /* (tokens, 3 width): queries, keys, values */
    float *likelihoods; /* (threads, context rounded up): attention of one head */
    activations narrow, wide;
    atomic_int *taken;
};

typedef struct {
    gpt2 *m;
    int count, stride, wanted_count;
    const int32_t *tokens, *positions, *rows, *pages, *wanted;
    float *scores;
    size_t score_stride;
} step;

static float *numbers(size_t count) { return aligned_alloc(64, (count * sizeof(float) + 63) / 64 * 64); }

static int activations_new(activations *a, int rows, int width, int group) {
    const size_t size = (size_t)rows * (size_t)width;
    *a = (activations){.width = width, .group = group, .exact = numbers(size)};
    if (group) {
        a->numbers = aligned_alloc(64, (size + 63) / 64 * 64);
        a->scales = numbers(size / (size_t)group);
        a->offsets = (int32_t *)numbers(size / (size_t)group);
        if (!a->numbers || !a->scales || !a->offsets) return -1;
    }
    return a->exact ? 0 : -1;
}

static void activations_free(activations *a) {
    free(a->exact);
    free(a->numbers);
    free(a->scales);
    free(a->offsets);
}

static int fits(const gpt2_shape *is) {
    if (is->layers < 1 || is->width < 1 || is->heads < 1 || is->inner < 1 || is->context < 1 || is->vocabulary < 1) return 0;
    if (is->pages < 1 || is->threads < 1 || is->tokens < 1 || is->width % is->heads) return 0;
    return (is->width / is->heads) % LANES == 0 && is->inner % LANES == 0 && group_for(is->width) && group_for(is->inner);
}

static int padded(int positions) { return (positions + PAGE_POSITIONS - 1) / PAGE_POSITIONS * PAGE_POSITIONS; }

static int make_room(gpt2 *m) {
    const gpt2_shape *is = &m->is;
    const size_t width = (size_t)is->width, tokens = (size_t)is->tokens;
    m->number_bytes = is->exact ? sizeof(float) : sizeof(_Float16);
    m->page_bytes = (size_t)is->layers * 2 * width * PAGE_POSITIONS * m->number_bytes;
    m->cache_bytes = m->page_bytes * (size_t)is->pages;
    /* The system gives memory to a page when it is first written: an idle engine takes little. */
    void *cache = mmap(NULL, m->cache_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (cache == MAP_FAILED) return m->cache_bytes = 0, -1;
    m->cache = cache;
    m->layers = calloc((size_t)is->layers, sizeof *m->layers);
    m->x = numbers(tokens * width);
    m->mixed = numbers(tokens * 3 * width);
    m->likelihoods = numbers((size_t)is->threads * (size_t)padded(is->context));
    m->taken = calloc((size_t)is->layers * PIECES + 3, sizeof *m->taken);
    if (activations_new(&m->narrow, is->tokens, is->width, is->exact ? 0 : group_for(is->width))) return -1;
    if (activations_new(&m->wide, is->tokens, is->inner, is->exact ? 0 : group_for(is->inner))) return -1;
    m->pool = pool_new(is->threads);
    return m->layers && m->x && m->mixed && m->likelihoods && m->taken && m->pool ? 0 : -1;
}

gpt2 *gpt2_new(const gpt2_shape *shape) {
    gpt2 *m = fits(shape) ? calloc(1, sizeof *m) : NULL;
    if (!m) return NULL;
    m->is = *shape;
    m->head = shape->width / shape->heads;
    if (make_room(m)) return gpt2_free(m), NULL;
    return m;
}

void gpt2_free(gpt2 *m) {
    if (!m) return;
    pool_free(m->pool);
    for (int n = 0; m->layers && n < m->is.layers; n++) {
        layer *l = &m->layers[n];
        float *vectors[] = {l->norm1_scale, l->norm1_shift, l->attention_bias, l->attention_out_bias,
                            l->norm2_scale, l->norm2_shift, l->inner_bias,     l->inner_out_bias};
        for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) free(vectors[i]);
        matrix_free(&l->attention);
        matrix_free(&l->attention_out);
        matrix_free(&l->inner);
        matrix_free(&l->inner_out);
    }
    matrix_free(&m->embedding);
    activations_free(&m->narrow);
    activations_free(&m->wide);
    if (m->cache) munmap(m->cache, m->cache_bytes);
    float *vectors[] = {m->positions, m->last_scale, m->last_shift, m->x, m->mixed, m->likelihoods};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) free(vectors[i]);
    free(m->layers);
    free(m->taken);
    free(m);
}

static int keep(float **place, const float *values, int count) {
    free(*place);
    *place = numbers((size_t)count);
    if (!*place) return -1;
    memcpy(*place, values, (size_t)count * sizeof(float));
    return 0;
}

static int pack(gpt2 *m, matrix *place, const float *values, int inputs, int outputs) {
    matrix_free(place);
    if (matrix_new(place, inputs, outputs, m->is.exact ? 0 : group_for(inputs))) return -1;
    matrix_pack(place, values, 0, outputs, (size_t)outputs, 1);
    return 0;
}

int gpt2_set_embeddings(gpt2 *m, int first, int count, const float *values) {
    const gpt2_shape *is = &m->is;
    if (first < 0 || first % LANES || count < 1 || first + count > is->vocabulary) return -1;
    if (!m->embedding.data && matrix_new(&m->embedding, is->width, is->vocabulary, is->exact ? 0 : group_for(is->width))) return -1;
    matrix_pack(&m->embedding, values, first, count, 1, (size_t)is->width);
    return 0;
}

int gpt2_set(gpt2 *m, int part, int number, const float *values) {
    const gpt2_shape *is = &m->is;
    if (number < 0 || number >= is->layers) return -1;
    layer *l = &m->layers[number];
    switch (part) {
        case POSITION_EMBEDDING: return keep(&m->positions, values, is->context * is->width);
        case LAST_NORM_SCALE: return keep(&m->last_scale, values, is->width);
        case LAST_NORM_SHIFT: return keep(&m->last_shift, values, is->width);
        case NORM1_SCALE: return keep(&l->norm1_scale, values, is->width);
        case NORM1_SHIFT: return keep(&l->norm1_shift, values, is->width);
        case ATTENTION: return pack(m, &l->attention, values, is->width, 3 * is->width);
        case ATTENTION_BIAS: return keep(&l->attention_bias, values, 3 * is->width);
        case ATTENTION_OUT: return pack(m, &l->attention_out, values, is->width, is->width);
        case ATTENTION_OUT_BIAS: return keep(&l->attention_out_bias, values, is->width);
        case NORM2_SCALE: return keep(&l->norm2_scale, values, is->width);
        case NORM2_SHIFT: return keep(&l->norm2_shift, values, is->width);
        case INNER: return pack(m, &l->inner, values, is->width, is->inner);
        case INNER_BIAS: return keep(&l->inner_bias, values, is->inner);
        case INNER_OUT: return pack(m, &l->inner_out, values, is->inner, is->width);
        case INNER_OUT_BIAS: return keep(&l->inner_out_bias, values, is->width);
        default: return -1;
    }
}

int64_t gpt2_bytes(const gpt2 *m) {
    size_t bytes = m->embedding.bytes;
    for (int n = 0; n < m->is.layers; n++) {
        const layer *l = &m->layers[n];
        bytes += l->attention.bytes + l->attention_out.bytes + l->inner.bytes + l->inner_out.bytes;
    }
    return (int64_t)bytes;
}

const char *gpt2_processor(void) { return processor(); }

void gpt2_together(gpt2 *m, together function, void *argument) { pool_run(m->pool, m->is.threads, function, argument); }

/* --- one step, as every thread runs it --- */

static void normalize(const float *x, const float *scale, const float *shift, float epsilon, int width, float *to) {
    vector total = all(0), squares = all(0);
    for (int i = 0; i < width; i += LANES) total += load(x + i);
    const vector mean = all(sum(total) / (float)width);
    for (int i = 0; i < width; i += LANES) {
        const vector off = load(x + i) - mean;
        squares = fused(off, off, squares);
    }
    const vector by = all(1.0f / sqrtf(sum(squares) / (float)width + epsilon));
    for (int i = 0; i < width; i += LANES) store(to + i, fused((load(x + i) - mean) * by, load(scale + i), load(shift + i)));
}

static void embed(const step *s, atomic_int *taken) {
    gpt2 *m = s->m;
    const int width = m->is.width;
    int from, to;
    while (next_part(taken, s->count, 1, &from, &to)) {
        float *x = m->x + (size_t)from * (size_t)width;
        matrix_row(&m->embedding, s->tokens[from], x);
        const float *position = m->positions + (size_t)s->positions[from] * (size_t)width;
        for (int i = 0; i < width; i += LANES) store(x + i, load(x + i) + load(position + i));
    }
}

static void normalize_all(const step *s, const float *scale, const float *shift, atomic_int *taken) {
    gpt2 *m = s->m;
    const size_t width = (size_t)m->is.width;
    int from, to;
    while (next_part(taken, s->count, 1, &from, &to)) {
        normalize(m->x + (size_t)from * width, scale, shift, m->is.epsilon, m->is.width, m->narrow.exact + (size_t)from * width);
        activations_ready(&m->narrow, from);
    }
}

static void ready_all(activations *a, int count, atomic_int *taken) {
    int from, to;
    if (!a->group) return;
    while (next_part(taken, count, 1, &from, &to)) activations_ready(a, from);
}

/* Where a page keeps the keys or values of a head: keys as (head width, 16 positions), values as (16 positions, head width). */
static inline uint8_t *cached(const gpt2 *m, int32_t page, int n, int values, int head) {
    const size_t numbers_before = ((size_t)(2 * n + values) * (size_t)m->is.width + (size_t)head * (size_t)m->head) * PAGE_POSITIONS;
    return m->cache + (size_t)page * m->page_bytes + numbers_before * m->number_bytes;
}

static int32_t page_of(const step *s, int token, int position) {
    return s->pages[(size_t)s->rows[token] * (size_t)s->stride + (size_t)(position / PAGE_POSITIONS)];
}

static void keep_token(const step *s, int n, int token) {
    const gpt2 *m = s->m;
    const int position = s->positions[token], place = position % PAGE_POSITIONS, width = m->is.width, size = m->head;
    const int32_t page = page_of(s, token, position);
    for (int head = 0; head < m->is.heads; head++) {
        const float *key = m->mixed + (size_t)token * 3 * (size_t)width + width + head * size, *value = key + width;
        void *keys = cached(m, page, n, 0, head), *values = cached(m, page, n, 1, head);
        for (int i = 0; i < size; i += LANES) {
            const vector some = load(value + i);
            if (m->is.exact) store((float *)values + place * size + i, some);
            else store_halves((_Float16 *)values + place * size + i, some);
            if (m->is.exact) {
                for (int lane = 0; lane < LANES; lane++) ((float *)keys)[(i + lane) * PAGE_POSITIONS + place] = key[i + lane];
            } else {
                _Float16 narrow[LANES];
                store_halves(narrow, load(key + i));
                for (int lane = 0; lane < LANES; lane++)
                    ((_Float16 *)keys)[(i + lane) * PAGE_POSITIONS + place] = narrow[lane];
            }
        }
    }
}

static void keep_all(const step *s, int n, atomic_int *taken) {
    int from, to;
    while (next_part(taken, s->count, 1, &from, &to)) keep_token(s, n, from);
}

static inline vector cached_vector(const void *numbers_, size_t at, int exact) {
    return exact ? load((const float *)numbers_ + at) : load_halves((const _Float16 *)numbers_ + at);
}

/* Products of a query with the 16 keys of a page. */
static inline vector products(const float *query, const void *keys, int size, int exact) {
    vector part[4] = {all(0), all(0), all(0), all(0)};
    for (int i = 0; i < size; i += 4)
        for (int j = 0; j < 4; j++)
            part[j] = fused(cached_vector(keys, (size_t)(i + j) * PAGE_POSITIONS, exact), all(query[i + j]), part[j]);
    return (part[0] + part[1]) + (part[2] + part[3]);
}

/* One head of one token: `to` gets the values of all positions up to its own, by how well their keys suit its query. */
static inline __attribute__((always_inline)) void attend(const step *s, int n, int token, int head, float *likely, float *to,
                                                         const int exact) {
    const gpt2 *m = s->m;
    const int last = s->positions[token], size = m->head, pages = last / PAGE_POSITIONS + 1;
    const float *query = m->mixed + (size_t)token * 3 * (size_t)m->is.width + head * size;
    const vector scale = all(1.0f / sqrtf((float)size));
    const integers lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    vector most = all(-INFINITY), total = all(0);
    for (int p = 0; p < pages; p++) {
        const void *keys = cached(m, page_of(s, token, p * PAGE_POSITIONS), n, 0, head);
        vector score = products(query, keys, size, exact) * scale;
        const integers seen = lanes + p * PAGE_POSITIONS <= last; /* what lies behind is another text's, or nothing */
        score = pick(seen, score, all(-INFINITY));
        store(likely + p * PAGE_POSITIONS, score);
        most = __builtin_elementwise_max(most, score);
    }
    const vector top = all(greatest(most));
    for (int p = 0; p < pages; p++) {
        const vector likelihood = exponential(load(likely + p * PAGE_POSITIONS) - top);
        store(likely + p * PAGE_POSITIONS, likelihood);
        total += likelihood;
    }
    const vector by = all(1.0f / sum(total));
    for (int i = 0; i < size; i += 4 * LANES) {
        vector out[4] = {all(0), all(0), all(0), all(0)};
        const int parts = (size - i) / LANES < 4 ? (size - i) / LANES : 4;
        for (int p = 0; p < pages; p++) {
            const void *values = cached(m, page_of(s, token, p * PAGE_POSITIONS), n, 1, head);
            const int here = last - p * PAGE_POSITIONS + 1 < PAGE_POSITIONS ? last - p * PAGE_POSITIONS + 1 : PAGE_POSITIONS;
            for (int place = 0; place < here; place++) {
                const vector weight = all(likely[p * PAGE_POSITIONS + place]);
                for (int j = 0; j < parts; j++)
                    out[j] = fused(cached_vector(values, (size_t)(place * size + i + j * LANES), exact), weight, out[j]);
            }
        }
        for (int j = 0; j < parts; j++) store(to + i + j * LANES, out[j] * by);
    }
}

static void attend_all(team *us, const step *s, int n, atomic_int *taken) {
    gpt2 *m = s->m;
    float *likely = m->likelihoods + (size_t)team_number(us) * (size_t)padded(m->is.context);
    int from, to;
    while (next_part(taken, s->count * m->is.heads, 4, &from, &to))
        for (int part = from; part < to; part++) {
            const int token = part / m->is.heads, head = part % m->is.heads;
            float *out = m->narrow.exact + (size_t)token * (size_t)m->is.width + head * m->head;
            if (m->is.exact) attend(s, n, token, head, likely, out, 1);
            else attend(s, n, token, head, likely, out, 0);
        }
}

static void pass_layer(team *us, const step *s, int n, atomic_int *taken) {
    gpt2 *m = s->m;
    const layer *l = &m->layers[n];
    const size_t width = (size_t)m->is.width, inner = (size_t)m->is.inner;
    normalize_all(s, l->norm1_scale, l->norm1_shift, taken++);
    meet(us);
    multiply(&l->attention, &m->narrow, s->count, l->attention_bias, m->mixed, 3 * width, STORE, taken++);
    meet(us);
    keep_all(s, n, taken++);
    meet(us);
    attend_all(us, s, n, taken++);
    meet(us);
    ready_all(&m->narrow, s->count, taken++);
    meet(us);
    multiply(&l->attention_out, &m->narrow, s->count, l->attention_out_bias, m->x, width, ADD, taken++);
    meet(us);
    normalize_all(s, l->norm2_scale, l->norm2_shift, taken++);
    meet(us);
    multiply(&l->inner, &m->narrow, s->count, l->inner_bias, m->wide.exact, inner, GELU, taken++);
    meet(us);
    ready_all(&m->wide, s->count, taken++);
    meet(us);
    multiply(&l->inner_out, &m->wide, s->count, l->inner_out_bias, m->x, width, ADD, taken++);
    meet(us);
}

static void score(team *us, const step *s, atomic_int *taken) {
    gpt2 *m = s->m;
    const size_t width = (size_t)m->is.width;
    int from, to;
    while (next_part(taken, s->wanted_count, 1, &from, &to)) {
        const float *x = m->x + (size_t)s->wanted[from] * width;
        normalize(x, m->last_scale, m->last_shift, m->is.epsilon, m->is.width, m->narrow.exact + (size_t)from * width);
        activations_ready(&m->narrow, from);
    }
    meet(us);
    multiply(&m->embedding, &m->narrow, s->wanted_count, NULL, s->scores, s->score_stride, STORE, taken + 1);
}

static void pass(team *us, void *argument) {
    const step *s = argument;
    gpt2 *m = s->m;
    embed(s, m->taken);
    meet(us);
    for (int n = 0; n < m->is.layers; n++) pass_layer(us, s, n, m->taken + 3 + n * PIECES);
    if (s->wanted_count) score(us, s, m->taken + 1);
}

/* A small piece of work is done sooner by few: threads that wait for each other cost more than they bring. */
static int threads_for(const gpt2 *m, int tokens) {
    const double bytes = (double)gpt2_bytes(m) * (tokens < 8 ? 1 : tokens / 4.0); /* few tokens take as long as reading the weights */
    return 1 + (int)(bytes / WORTH_A_THREAD);
}

void gpt2_step(gpt2 *m, int count, const int32_t *tokens, const int32_t *positions, const int32_t *rows,
               const int32_t *pages, int stride, int wanted_count, const int32_t *wanted, float *scores,
               int64_t score_stride) {
    step s = {.m = m, .count = count, .stride = stride, .wanted_count = wanted_count, .tokens = tokens,
              .positions = positions, .rows = rows, .pages = pages, .wanted = wanted, .scores = scores,
              .score_stride = (size_t)score_stride};
    for (int i = 0; i < 3 + m->is.layers * PIECES; i++) atomic_store_explicit(&m->taken[i], 0, memory_order_relaxed);
    pool_run(m->pool, threads_for(m, count), pass, &s);
}

void gpt2_copy_page(gpt2 *m, int32_t from, int32_t to) {
    memcpy(m->cache + (size_t)to * m->page_bytes, m->cache + (size_t)from * m->page_bytes, m->page_bytes);
}
