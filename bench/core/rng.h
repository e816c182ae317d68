#ifndef BENCH_CORE_RNG_H
#define BENCH_CORE_RNG_H

#include <stdint.h>

/*
 * Repeatable random numbers for delays, faults and orders. Never for keys: those come from
 * OpenSSL. Each purpose draws from its own stream, so a new draw in one does not shift another.
 *
 * Source: xoshiro256** seeded through splitmix64 (Blackman and Vigna, 2018; public domain design).
 */
struct rng {
	uint64_t s[4];
};

/** The stream @name of @seed; the same pair gives the same numbers on every machine. */
void rng_init(struct rng *r, uint64_t seed, const char *name);
uint64_t rng_u64(struct rng *r);
/** Uniform in [0, 1). */
double rng_unit(struct rng *r);
/** Uniform in 0 .. n-1; n > 0. */
uint64_t rng_below(struct rng *r, uint64_t n);
/** Standard normal. */
double rng_normal(struct rng *r);

#endif
