/*
 * Any bytes as a message between controller and worker; what is taken has ended strings
 * and fits.
 */
#include "drivers/wrap/worker_wire.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(struct worker_message *m)
{
	uint8_t mem[WORKER_MAX_DATA];
	struct buf answer = BUF_ON(mem);
	struct reader_exchange x = { .answer = &answer };

	if (m->op != WORKER_EXCHANGE && m->op != WORKER_RAW)
		return;
	if (worker_take_answer(m, &x, NULL))
		abort();
	if (strlen(x.note) >= sizeof(x.note))
		abort();
	if (!strcmp(reader_result_name(x.result), ""))
		abort();
	worker_take_request(m, &x);
	if (x.command.len > WORKER_MAX_DATA)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct worker_message m;

	if (size > sizeof(m))
		return 0;
	memset(&m, 0, sizeof(m));
	if (size)
		memcpy(&m, data, size);
	if (!worker_message_ok(&m, size))
		return 0;
	if (worker_message_size(&m) != size)
		abort();
	if (m.rc && !memchr(m.u.text, 0, sizeof(m.u.text)))
		abort();
	if (!m.rc)
		take(&m);
	return 0;
}
