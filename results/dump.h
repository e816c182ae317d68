#ifndef RESULTS_DUMP_H
#define RESULTS_DUMP_H

#include "bench/core/buf.h"

#include <jansson.h>

/**
 * Append @json as text; @out is failed when memory or room ran out. jansson's own json_dumps leaves a key out that
 * found no memory, and says nothing.
 *
 * @param flags  JSON_COMPACT and so on
 */
void dump_json(struct buf *out, const json_t *json, size_t flags);

#endif
