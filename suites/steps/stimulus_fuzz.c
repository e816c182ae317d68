/*
 * Any text as the keys of the step apdu, applied to any command. Byte 0: how long the command is; the command; the
 * text. What was taken from the text may be applied to anything, and the result is held against its own pattern.
 */
#include "bench/core/crypto/random.h"
#include "suites/steps/stimulus.h"
#include "suites/suite.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vehicle *vehicle;

static void set_up(void)
{
	static struct pairing k;
	struct profile *p;
	OSSL_LIB_CTX *lib;

	if (vehicle)
		return;
	if (profile_load(&p, "fixtures/profiles/protocol/dk-ccc-1.0.yaml", NULL) ||
	    pairing_load(&k, "fixtures/pairings/bench.yaml", NULL) ||
	    crypto_seeded_new(&lib, 1, NULL) || vehicle_new(&vehicle, p, &k, lib, NULL))
		abort();
}

static void apply(const struct stimulus *s, struct bytes to)
{
	uint8_t mem[261];
	struct buf command = BUF_ON(mem);

	buf_add(&command, to);
	if (command.failed)
		return;
	if (stimulus_alter(s, vehicle, &command, NULL) == 0 && command.len > sizeof(mem))
		abort();
	if (s->shape && shape_match(s->shape, buf_bytes(&command)) < 0)
		abort(); /* taken, and yet no pattern */
	stimulus_is_refusal(buf_bytes(&command), vehicle_profile(vehicle));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char head[] =
		"suite: t\ncases:\n  - id: c\n    steps:\n      - apdu: ";
	struct cursor c = cursor_at(BYTES(data, size));
	const size_t len = cursor_u8(&c);
	struct bytes command = cursor_take(&c, len < c.rest.len ? len : c.rest.len);
	struct suite *suite;
	struct buf text;

	set_up();
	buf_init(&text, 1 << 16);
	buf_text(&text, head);
	buf_add(&text, cursor_rest(&c));
	if (!text.failed && suite_parse(&suite, "fuzz", buf_bytes(&text),
					(struct node){ 0 }, NULL) == 0) {
		const struct suite_step *step = &suite->cases[0].steps[0];

		if (strcmp(step->kind->name, "apdu") == 0)
			apply(step->params, command);
		suite_free(suite);
	}
	buf_release(&text);
	return 0;
}
