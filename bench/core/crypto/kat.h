#ifndef BENCH_CORE_CRYPTO_KAT_H
#define BENCH_CORE_CRYPTO_KAT_H

#include "bench/core/bytes.h"
#include "bench/core/err.h"

#include <jansson.h>

/*
 * Known-answer files: JSON whose byte strings are hex (fixtures/vectors/, each naming its source).
 */

/* What a file may be: a bound for memory, far above any set of vectors. */
#define KAT_MAX_BYTES (4 << 20)
#define KAT_MAX_VALUES 300000
#define KAT_MAX_CONTAINERS 100000 /* objects and lists */
#define KAT_MAX_DEPTH 32

/**
 * Read @path.
 * @return 0; ERR_IO (missing, unreadable); ERR_FORMAT/ERR_RANGE: a directory, empty, too large or deep, no
 *         JSON (then with file:line:col), a key twice. The caller's, json_decref.
 */
int kat_load(json_t **out, const char *path, struct err *err);
/** The same from @text, named @name in messages. */
int kat_parse(json_t **out, const char *name, struct bytes text, struct err *err);
/**
 * The hex string under @key of an object.
 * @param mem  where the bytes go; at most @max
 * @return the bytes, in @mem; .data is NULL when the key is missing, not hex or too long
 */
struct bytes kat_hex(const json_t *object, const char *key, uint8_t *mem, size_t max);

#endif
