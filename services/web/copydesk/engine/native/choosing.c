#include "choosing.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "pool.h"
#include "vectors.h"

void gpt2_together(gpt2 *m, together function, void *argument);

#define ATTEMPTS 1000      /* to draw one of the nucleus */
#define CHUNK (64 * LANES) /* tokens whose weights are summed together */

typedef struct {
    float score;
    int32_t token;
} candidate;

typedef struct {
    int size;
    float *scores; /* (vocabulary, filled up to whole vectors with -inf) */
    uint8_t *said; /* (vocabulary) */
    candidate *candidates;
    float *weights;
    double *reached; /* (chunks) running sum of the weights, chunk by chunk */
} room;

static int padded(int vocabulary) { return (vocabulary + LANES - 1) / LANES * LANES; }

static void room_free(void *made) {
    room *r = made;
    free(r->scores);
    free(r->weights);
    free(r->said);
    free(r->candidates);
    free(r->reached);
    free(r);
}

static pthread_key_t kept;
static void make_key(void) { pthread_key_create(&kept, room_free); }

/* This thread's room, kept until the thread ends: a fresh one costs more than a choice. NULL without memory. */
static room *room_for(int vocabulary) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_key);
    room *r = pthread_getspecific(kept);
    if (r && r->size >= padded(vocabulary)) return r;
    pthread_setspecific(kept, NULL);
    if (r) room_free(r);
    const size_t size = (size_t)padded(vocabulary);
    r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->size = (int)size;
    r->scores = aligned_alloc(64, size * sizeof(float));
    r->weights = aligned_alloc(64, size * sizeof(float));
    r->said = calloc(size, 1);
    r->candidates = malloc(size * sizeof(candidate));
    r->reached = malloc((size / CHUNK + 1) * sizeof(double));
    if (r->scores && r->weights && r->said && r->candidates && r->reached && !pthread_setspecific(kept, r)) return r;
    return room_free(r), NULL;
}

static void copy_row(room *r, const float *row, int vocabulary) {
    memcpy(r->scores, row, (size_t)vocabulary * sizeof(float));
    for (int i = vocabulary; i < padded(vocabulary); i++) r->scores[i] = -INFINITY;
}

static float highest(const float *scores, int size) {
    vector most = all(-INFINITY);
    for (int i = 0; i < size; i += LANES) most = __builtin_elementwise_max(most, load(scores + i));
    return greatest(most);
}

/* The logarithm of the sum of exponentials; `scores` is filled up to whole vectors. */
static double log_total(const float *scores, int size) {
    const float top = highest(scores, size);
    double total = 0;
    for (int start = 0; start < size; start += 64 * LANES) {
        vector part = all(0);
        for (int i = start; i < size && i < start + 64 * LANES; i += LANES) part += exponential(load(scores + i) - all(top));
        total += (double)sum(part);
    }
    return (double)top + log(total);
}

static void penalize(room *r, const choice *c) {
    if (c->repetition_penalty == 1.0f) return;
    for (int i = 0; i < c->history_length; i++) {
        const int32_t token = c->history[i];
        if (r->said[token]++) {
            r->said[token] = 1;
            continue;
        }
        const float score = r->scores[token];
        r->scores[token] = score > 0 ? score / c->repetition_penalty : score * c->repetition_penalty;
    }
    for (int i = 0; i < c->history_length; i++) r->said[c->history[i]] = 0;
}

static int would_repeat(const choice *c, int start) {
    const int before = c->no_repeat_ngram_size - 1;
    const int32_t *latest = c->history + c->history_length - before;
    for (int i = 0; i < before; i++)
        if (c->history[start + i] != latest[i]) return 0;
    return 1;
}

/* Bans what would repeat a run. Where nothing would be left, nothing is banned. */
static void ban(room *r, const choice *c, int vocabulary) {
    const int size = c->no_repeat_ngram_size;
    if (size == 0 || c->history_length < size) return;
    int banned = 0;
    for (int start = 0; start + size <= c->history_length; start++)
        if (would_repeat(c, start)) {
            const int32_t token = c->history[start + size - 1];
            if (r->scores[token] == -INFINITY) continue;
            r->candidates[banned++] = (candidate){r->scores[token], token};
            r->scores[token] = -INFINITY;
        }
    if (banned && highest(r->scores, padded(vocabulary)) == -INFINITY)
        for (int i = 0; i < banned; i++) r->scores[r->candidates[i].token] = r->candidates[i].score;
}

static int worse(candidate a, candidate b) { return a.score < b.score || (a.score == b.score && a.token > b.token); }

static int best_first(const void *a, const void *b) {
    return worse(*(const candidate *)a, *(const candidate *)b) ? 1 : -1;
}

static void sink(candidate *heap, int size, int at) {
    for (;;) {
        int least = at;
        for (int child = 2 * at + 1; child <= 2 * at + 2 && child < size; child++)
            if (worse(heap[child], heap[least])) least = child;
        if (least == at) return;
        const candidate moved = heap[at];
        heap[at] = heap[least];
        heap[least] = moved;
        at = least;
    }
}

/* The `k` best into r->candidates, best first; without those that are banned. */
static int best(room *r, int vocabulary, int k) {
    candidate *heap = r->candidates;
    int size = 0;
    for (int start = 0; start < vocabulary; start += LANES) {
        if (size == k && greatest(load(r->scores + start)) <= heap[0].score) continue;
        for (int token = start; token < start + LANES && token < vocabulary; token++) {
            const candidate c = {r->scores[token], token};
            if (c.score == -INFINITY) continue;
            if (size < k) {
                heap[size++] = c;
                if (size == k)
                    for (int at = size / 2 - 1; at >= 0; at--) sink(heap, size, at);
            } else if (c.score > heap[0].score) {
                heap[0] = c;
                sink(heap, size, 0);
            }
        }
    }
    qsort(heap, (size_t)size, sizeof *heap, best_first);
    return size;
}

static uint64_t mix(uint64_t bits) { /* splitmix64 */
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9u;
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EBu;
    return bits ^ bits >> 31;
}

static double uniform(uint64_t bits, int attempt) {
    if (attempt) bits = mix(bits + (uint64_t)attempt * 0x9E3779B97F4A7C15u);
    return (double)(bits >> 11) * 0x1p-53;
}

static int32_t draw_top_k(room *r, const choice *c, int vocabulary) {
    const int size = best(r, vocabulary, c->top_k);
    double total = 0;
    for (int i = 0; i < size; i++) {
        r->weights[i] = exponential(all(r->candidates[i].score - r->candidates[0].score))[0];
        total += (double)r->weights[i];
    }
    double reached = 0;
    for (int i = 0; i < size; i++) {
        reached += (double)r->weights[i];
        if (reached > uniform(c->chance, 0) * total) return r->candidates[i].token;
    }
    return r->candidates[size - 1].token;
}

static int32_t first_of_highest(const room *r, int vocabulary) {
    const float top = highest(r->scores, padded(vocabulary));
    for (int token = 0; token < vocabulary; token++)
        if (r->scores[token] == top) return token;
    return 0; /* not a number anywhere: the model is broken, and its check says so */
}

static double running_sums(room *r, int size) {
    const float top = highest(r->scores, size);
    double total = 0;
    for (int start = 0; start < size; start += CHUNK) {
        vector part = all(0);
        for (int i = start; i < size && i < start + CHUNK; i += LANES) {
            const vector weight = exponential(load(r->scores + i) - all(top));
            store(r->weights + i, weight);
            part += weight;
        }
        total += (double)sum(part);
        r->reached[start / CHUNK] = total;
    }
    return total;
}

/* The first token, by number, whose running sum exceeds `wanted`. */
static int32_t token_beyond(const room *r, int vocabulary, double wanted) {
    int chunk = 0;
    while ((chunk + 1) * CHUNK < vocabulary && r->reached[chunk] <= wanted) chunk++;
    double sum_so_far = chunk ? r->reached[chunk - 1] : 0;
    int32_t last = 0;
    for (int token = chunk * CHUNK; token < vocabulary && token < (chunk + 1) * CHUNK; token++) {
        if (r->weights[token] == 0) continue;
        sum_so_far += (double)r->weights[token];
        last = token;
        if (sum_so_far > wanted) break;
    }
    return last; /* sums by chunk and by token can differ in their last digits */
}

/* The weight of all tokens that are better than this one. */
static double better_than(const room *r, int32_t chosen, int size) {
    const vector score = all(r->scores[chosen]);
    const int here = chosen / LANES * LANES;
    double total = 0;
    for (int start = 0; start < size; start += CHUNK) {
        vector part = all(0);
        for (int i = start; i < size && i < start + CHUNK; i += LANES) {
            const vector other = load(r->scores + i);
            const integers better = i < here ? other >= score : other > score;
            part += pick(better, load(r->weights + i), all(0));
        }
        total += (double)sum(part);
    }
    for (int token = here; token < chosen; token++)
        if (r->scores[token] == score[0]) total += (double)r->weights[token];
    return total;
}

/* Draws from all tokens until one of the nucleus comes: the same distribution, and nothing has to be sorted. */
static int32_t draw_top_p(room *r, const choice *c, int vocabulary) {
    const int size = padded(vocabulary);
    const double total = running_sums(r, size);
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        const int32_t token = token_beyond(r, vocabulary, uniform(c->chance, attempt) * total);
        if (better_than(r, token, size) < c->top_p * total) return token;
    }
    return first_of_highest(r, vocabulary);
}

static int32_t draw(room *r, const choice *c, int vocabulary) {
    for (int i = 0; i < padded(vocabulary); i += LANES) store(r->scores + i, load(r->scores + i) / all(c->temperature));
    return c->strategy == TOP_K ? draw_top_k(r, c, vocabulary) : draw_top_p(r, c, vocabulary);
}

static void choose_one(room *r, const float *row, int vocabulary, choice *c) {
    copy_row(r, row, vocabulary);
    const double total = log_total(r->scores, padded(vocabulary));
    penalize(r, c);
    ban(r, c, vocabulary);
    c->token = c->strategy == GREEDY ? first_of_highest(r, vocabulary) : draw(r, c, vocabulary);
    c->logprob = (float)((double)row[c->token] - total);
}

typedef struct {
    const float *scores;
    size_t stride;
    int rows, vocabulary;
    choice *choices;
    const int32_t *tokens;
    float *logprobs;
    atomic_int taken, failed;
} rows;

static void choose_rows(team *us, void *argument) {
    (void)us;
    rows *all_rows = argument;
    room *r = room_for(all_rows->vocabulary);
    int from, to;
    if (!r) atomic_store(&all_rows->failed, 1);
    while (r && next_part(&all_rows->taken, all_rows->rows, 1, &from, &to)) {
        const float *row = all_rows->scores + (size_t)from * all_rows->stride;
        if (all_rows->choices) {
            choose_one(r, row, all_rows->vocabulary, &all_rows->choices[from]);
        } else {
            copy_row(r, row, all_rows->vocabulary);
            const double total = log_total(r->scores, padded(all_rows->vocabulary));
            all_rows->logprobs[from] = (float)((double)row[all_rows->tokens[from]] - total);
        }
    }
}

static int over_rows(gpt2 *m, rows *r) {
    if (r->rows == 1) choose_rows(NULL, r); /* not worth waking the others for */
    else gpt2_together(m, choose_rows, r);
    return atomic_load(&r->failed) ? -1 : 0;
}

int gpt2_choose(gpt2 *m, int count, const float *scores, int64_t stride, int vocabulary, choice *choices) {
    rows r = {.scores = scores, .stride = (size_t)stride, .rows = count, .vocabulary = vocabulary, .choices = choices};
    return over_rows(m, &r);
}

int gpt2_logprobs(gpt2 *m, int count, const float *scores, int64_t stride, int vocabulary, const int32_t *tokens,
                  float *logprobs) {
    rows r = {.scores = scores, .stride = (size_t)stride, .rows = count, .vocabulary = vocabulary, .tokens = tokens,
              .logprobs = logprobs};
    return over_rows(m, &r);
}

int gpt2_likeliest(const float *row, int vocabulary, const choice *like, int k, int32_t *tokens, float *scores,
                   float *logprobs) {
    room *r = room_for(vocabulary);
    if (!r) return -1;
    copy_row(r, row, vocabulary);
    const vector total = all((float)log_total(r->scores, padded(vocabulary)));
    for (int i = 0; i < padded(vocabulary); i += LANES) store(r->scores + i, load(r->scores + i) - total);
    penalize(r, like);
    ban(r, like, vocabulary);
    const int count = best(r, vocabulary, k);
    for (int i = 0; i < count; i++) {
        tokens[i] = r->candidates[i].token;
        scores[i] = r->candidates[i].score;
        logprobs[i] = row[tokens[i]] - total[0];
    }
    return count;
}
