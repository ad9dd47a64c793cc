/* Weight matrices, packed for the way they are read, in float32 or in 8 bits; and activations to match. */

#ifndef COPYDESK_MATRIX_H
#define COPYDESK_MATRIX_H

#include <stddef.h>
#include <stdint.h>

#include "pool.h"

/* One matrix of `inputs` x `outputs`. Outputs stand in blocks of 16, a lane each.

   float32: for each block, for each input, 16 weights.
   8 bits: inputs stand in groups; for each block and group, group/4 times 16 x 4 weights as bytes w + 128, then 16 scales
   (float32). A weight is (byte - 128) * scale: symmetric, so the middle is exact. */
typedef struct {
    int inputs, outputs;
    int group; /* inputs that share a scale; 0: float32 */
    uint8_t *data;
    size_t bytes;
} matrix;

/* Rows of activations, one a token. In 8 bits: numbers of -127 to 127, and for each group a scale and what makes up for the 128
   that was added to the weights: -128 times the sum of the group's numbers. */
typedef struct {
    int width, group;
    float *exact;    /* (rows, width) */
    int8_t *numbers; /* (rows, width) */
    float *scales;   /* (rows, width / group) */
    int32_t *offsets;
} activations;

/* The largest group that `inputs` can be cut into, of 64 or 32; 0: none. */
int group_for(int inputs);

/* An empty matrix; `group` 0: float32. 0, or -1 without memory. */
int matrix_new(matrix *m, int inputs, int outputs, int group);

/* Fill `outputs` of its outputs from the one numbered `first` on, a multiple of 16. Their weights are
   `weights[input * by_input + output * by_output]`, counted from `first`. */
void matrix_pack(matrix *m, const float *weights, int first, int outputs, size_t by_input, size_t by_output);
void matrix_free(matrix *m);

/* The weights of one output: float32 (inputs). */
void matrix_row(const matrix *m, int output, float *row);

/* Prepare row `token` of `a` for multiplication: fills numbers, scales and offsets from `exact`. */
void activations_ready(activations *a, int token);

/* What becomes of a product: it is stored, added to what is there, or goes through GPT-2's activation. */
typedef enum { STORE, ADD, GELU } ending;

/* results[token * stride + output], for all tokens, from the sums over the inputs and `bias` (NULL: none); shared out among the
   team by `taken`, which begins at 0. */
void multiply(const matrix *m, const activations *a, int tokens, const float *bias, float *results, size_t stride,
              ending how, atomic_int *taken);

const char *processor(void); /* which instructions this library was made for */

#endif
