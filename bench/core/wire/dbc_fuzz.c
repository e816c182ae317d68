/*
 * Anything as a DBC; every signal that is taken must hold what is put into it and touch
 * nothing else.
 */
#include "bench/core/wire/dbc.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_signal(const struct dbc_message *m, const struct dbc_signal *s)
{
	static const uint64_t tries[] = { 0, 1, 0x5555555555555555, UINT64_MAX };
	uint64_t mask = s->length == 64 ? UINT64_MAX : (UINT64_C(1) << s->length) - 1;
	struct canframe f;
	char text[80];

	dbc_frame(m, &f);
	for (size_t i = 0; i < 4; i++) {
		uint64_t raw;

		memset(f.data, i & 1 ? 0 : 0xff, f.len);
		dbc_put(s, f.data, tries[i]);
		if (dbc_get(s, f.data) != (tries[i] & mask))
			abort();
		dbc_text(s, tries[i] & mask, text, sizeof(text));
		if (!dbc_raw(s, (double)tries[i], &raw, NULL) && (raw & ~mask))
			abort();
	}
	dbc_present(m, s, &f);
}

/* All at once as one by one, whatever the frame holds. */
static void try_message(const struct dbc_message *m, const uint8_t *bytes, size_t size)
{
	struct dbc_value *values = calloc((size_t)m->signal_count + 1, sizeof(*values));
	struct canframe f = { .id = m->id, .extended = m->extended };
	int n, there = 0;

	if (!values)
		return;
	f.len = (uint8_t)(size % 9 ? m->length : size % (CANFRAME_MAX_DATA + 1));
	memcpy(f.data, bytes, size < f.len ? size : f.len);
	n = dbc_decode(m, &f, values);
	for (int i = 0; i < m->signal_count; i++)
		there += dbc_present(m, &m->signals[i], &f);
	if (n != there)
		abort();
	for (int i = 0; i < n; i++) {
		const struct dbc_signal *s = values[i].signal;
		double physical = dbc_physical(s, dbc_get(s, f.data));

		if (!dbc_present(m, s, &f) || values[i].raw != dbc_get(s, f.data) ||
		    memcmp(&physical, &values[i].physical, sizeof(physical)))
			abort();
	}
	free(values);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = { 0 };
	struct dbc *d;

	if (dbc_parse(&d, "fuzz", BYTES(data, size), &err)) {
		if (!err.text[0])
			abort();
		return 0;
	}
	for (int i = 0; i < d->message_count; i++)
		try_message(&d->messages[i], data, size);
	for (int i = 0; i < d->message_count; i++)
		for (int k = 0; k < d->messages[i].signal_count; k++)
			try_signal(&d->messages[i], &d->messages[i].signals[k]);
	dbc_free(d);
	return 0;
}
