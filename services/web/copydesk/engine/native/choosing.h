/* The next token, chosen from a row of scores. The rules are those of ../chooser.py, which is the reference. */

#ifndef COPYDESK_CHOOSING_H
#define COPYDESK_CHOOSING_H

#include "gpt2.h"

enum { GREEDY, TOP_K, TOP_P };

typedef struct {
    const int32_t *history; /* prompt and output so far */
    double top_p;
    uint64_t chance;        /* random bits of this token */
    float temperature, repetition_penalty;
    int32_t history_length, strategy, top_k, no_repeat_ngram_size;
    int32_t token; /* the answer */
    float logprob; /* of the token in the row as it was given */
} choice;

/* One token for each row of `scores` (rows, stride), of which `vocabulary` count. 0, or -1 without memory. */
EXPORT int gpt2_choose(gpt2 *m, int rows, const float *scores, int64_t stride, int vocabulary, choice *choices);

/* The `k` best next tokens of a beam, best first; penalty and bans work on log-probabilities. Returns how many there are. */
EXPORT int gpt2_likeliest(const float *row, int vocabulary, const choice *like, int k, int32_t *tokens, float *scores,
                         float *logprobs);

/* The log-probability of one token in each row. */
EXPORT int gpt2_logprobs(gpt2 *m, int rows, const float *scores, int64_t stride, int vocabulary, const int32_t *tokens,
                         float *logprobs);

#endif
