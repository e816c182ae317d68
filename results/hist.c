#include "results/hist.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define MAX_HIGHEST (INT64_C(1) << 61)
#define MAX_COUNTS ((size_t)1 << 22)

/* Position of the highest set bit; n > 0. */
static int log2_floor(uint64_t n)
{
	return 63 - __builtin_clzll(n);
}

/* Smallest power of two not below 2 * 10^digits, as its exponent: steps finer than the digits ask. */
static int steps_magnitude(int digits)
{
	uint64_t steps = 2;

	for (int i = 0; i < digits; i++)
		steps *= 10;
	return log2_floor(steps - 1) + 1;
}

int hist_init(struct hist *h, int64_t lowest, int64_t highest, int digits)
{
	struct hist new = { .lowest = lowest, .highest = highest, .digits = digits };
	size_t buckets = 1;

	if (lowest < 1 || highest > MAX_HIGHEST || lowest > highest / 2 || digits < 1 ||
	    digits > 5)
		return ERR_RANGE;
	new.unit_magnitude = log2_floor((uint64_t)lowest);
	new.half_magnitude = steps_magnitude(digits) - 1;
	if (new.unit_magnitude + new.half_magnitude > 60)
		return ERR_RANGE;
	for (int64_t beyond = INT64_C(2) << (new.unit_magnitude + new.half_magnitude);
	     beyond <= highest; beyond *= 2) {
		buckets++;
		if (beyond > INT64_MAX / 2)
			break;
	}
	new.counts_len = (buckets + 1) << new.half_magnitude;
	if (new.counts_len > MAX_COUNTS)
		return ERR_RANGE;
	new.counts = calloc(new.counts_len, sizeof(*new.counts));
	if (!new.counts)
		return ERR_NOMEM;
	*h = new;
	return 0;
}

void hist_release(struct hist *h)
{
	free(h->counts);
	*h = (struct hist){ 0 };
}

size_t hist_index(const struct hist *h, int64_t value)
{
	uint64_t steps_mask =
		(UINT64_C(2) << (h->unit_magnitude + h->half_magnitude)) - 1;
	int bucket = log2_floor((uint64_t)value | steps_mask) - h->unit_magnitude -
		     h->half_magnitude;
	uint64_t step = (uint64_t)value >> (bucket + h->unit_magnitude);

	/* bucket 0 is whole; of the others only the upper half of the steps exists */
	return ((size_t)bucket << h->half_magnitude) + (size_t)step;
}

/* Bucket of step @index, and which of its steps it is. */
static int bucket_of(const struct hist *h, size_t index, int64_t *step)
{
	size_t half = (size_t)1 << h->half_magnitude;
	int bucket = (int)(index >> h->half_magnitude) - 1;

	*step = (int64_t)(index & (half - 1)) + (bucket < 0 ? 0 : (int64_t)half);
	return bucket < 0 ? 0 : bucket;
}

int64_t hist_value(const struct hist *h, size_t index)
{
	int64_t step;
	int bucket = bucket_of(h, index, &step);

	return step << (bucket + h->unit_magnitude);
}

int64_t hist_width(const struct hist *h, size_t index)
{
	int64_t step;

	return INT64_C(1) << (bucket_of(h, index, &step) + h->unit_magnitude);
}

void hist_add(struct hist *h, int64_t value)
{
	size_t index = hist_index(h, value);

	assert(value >= 0);
	if (index >= h->counts_len) {
		h->over++;
		return;
	}
	h->counts[index]++;
	if (h->total == 0 || value < h->min)
		h->min = value;
	if (h->total == 0 || value > h->max)
		h->max = value;
	h->total++;
}

int64_t hist_quantile(const struct hist *h, double q)
{
	double share = q * (double)h->total;
	int64_t rank = (int64_t)ceil(share - 1e-9 * (share + 1)), passed = 0;

	if (h->total == 0)
		return -1;
	rank = rank < 1 ? 1 : rank > h->total ? h->total : rank;
	for (size_t i = 0; i < h->counts_len; i++) {
		passed += h->counts[i];
		if (passed >= rank)
			return hist_value(h, i) + hist_width(h, i) - 1;
	}
	return -1;
}

double hist_mean(const struct hist *h)
{
	double sum = 0;

	for (size_t i = 0; i < h->counts_len; i++)
		if (h->counts[i])
			sum += (double)h->counts[i] * ((double)hist_value(h, i) +
						       (double)(hist_width(h, i) / 2));
	return h->total ? sum / (double)h->total : 0;
}
