/* GPT-2 (Radford et al. 2019): tokens in, scores of the next token out. For many texts at once.

   Keys and values of past tokens are kept in pages of 16 positions. Whoever calls decides which pages a text has, so that texts
   can share the pages of a common beginning. What a row of scores says depends on the tokens of its own text alone, to the last
   bit: not on the other texts, on how the tokens were cut into calls, on the number of threads, or on the processor. */

#ifndef COPYDESK_GPT2_H
#define COPYDESK_GPT2_H

#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))

#define PAGE_POSITIONS 16

typedef struct gpt2 gpt2;

typedef struct {
    int32_t layers, width, heads, inner, context, vocabulary;
    float epsilon;  /* of the normalizations */
    int32_t exact;  /* 1: weights, keys and values in float32; 0: weights in 8 bits, keys and values in 16 */
    int32_t pages;  /* of the cache */
    int32_t threads;
    int32_t tokens; /* the most that one step reads */
} gpt2_shape;

/* What `gpt2_set` fills, by layer where there are layers. Matrices are (inputs, outputs) as Hugging Face's Conv1D has them. */
enum {
    POSITION_EMBEDDING, LAST_NORM_SCALE, LAST_NORM_SHIFT,
    NORM1_SCALE, NORM1_SHIFT, ATTENTION, ATTENTION_BIAS, ATTENTION_OUT, ATTENTION_OUT_BIAS,
    NORM2_SCALE, NORM2_SHIFT, INNER, INNER_BIAS, INNER_OUT, INNER_OUT_BIAS, PARTS
};

EXPORT gpt2 *gpt2_new(const gpt2_shape *shape); /* NULL: no memory, or a shape that is not GPT-2's */
EXPORT void gpt2_free(gpt2 *m);
EXPORT int gpt2_set(gpt2 *m, int part, int layer, const float *values); /* 0; -1: no memory or no such part */
/* The embeddings of `count` tokens from the one numbered `first` on (a multiple of 16): (count, width). In parts, so that a large
   vocabulary is never in memory whole. */
EXPORT int gpt2_set_embeddings(gpt2 *m, int first, int count, const float *values);
EXPORT int64_t gpt2_bytes(const gpt2 *m);                               /* of the weights as they are kept */
EXPORT const char *gpt2_processor(void);

/* Read `count` tokens at once. Token i of the text with the pages `pages[rows[i]]` (a row of `stride` page numbers) stands at
   `positions[i]`; all earlier positions have been read, before or in this call. For the tokens `wanted[0..]` the scores go to
   scores[n * score_stride ...]. Numbers are trusted: the caller has checked them. */
EXPORT void gpt2_step(gpt2 *m, int count, const int32_t *tokens, const int32_t *positions, const int32_t *rows,
                      const int32_t *pages, int stride, int wanted_count, const int32_t *wanted, float *scores,
                      int64_t score_stride);

/* Copy the keys and values of a page: a text that branches off inside it writes its own from there. */
EXPORT void gpt2_copy_page(gpt2 *m, int32_t from, int32_t to);

#endif
