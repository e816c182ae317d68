/* Any text as a claim; what is taken can be counted for and decided. */
#include "results/claim.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct claim *c)
{
	static const int64_t samples[] = { 5000000, 1000000, STATS_INFINITE, 0,
					   300000000 };
	struct claim_decision d;

	claim_trials_needed(c, 0.95);
	if (c->type == CLAIM_SHARE) {
		claim_decide_share(&d, c, 3, 5, 0.95);
		return;
	}
	if (!(c->q > 0 && c->q < 1) || c->limit_ns < 0)
		abort();
	if (claim_decide(&d, c, samples, 5, 1000, 0.95))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct err err = { 0 };
	struct claim c;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (claim_parse(&c, text, &err) == 0)
		use(&c);
	else if (!err.text[0])
		abort();
	free(text);
	return 0;
}
