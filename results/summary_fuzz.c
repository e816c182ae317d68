/*
 * Any lines as a run: seq and prev are put in front of each, so that the chain holds, and the journal is
 * folded, judged and rendered in every way.
 */
#include "results/journal.h"
#include "results/store.h"
#include "results/summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct store_run run;
static char path[sizeof(run.path) + 64];

static void forget(void)
{
	unlink(path);
	rmdir(run.path);
}

static void set_up(void)
{
	char dir[] = "/tmp/keybench-fuzz.XXXXXX";

	if (!run.path[0]) {
		if (!mkdtemp(dir))
			abort();
		snprintf(run.path, sizeof(run.path), "%s", dir);
		store_path(&run, "journal.jsonl", path, sizeof(path));
		atexit(forget);
	}
	unlink(path);
}

static void write_lines(const char *text, size_t size)
{
	struct journal *j;

	if (journal_create(&j, path, NULL))
		abort();
	while (size) {
		const char *end = memchr(text, '\n', size);
		size_t len = end ? (size_t)(end - text) : size;
		json_t *line = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);

		if (line) /* must be an object, as all lines are */
			journal_append(j,
				       json_is_object(line)
					       ? line
					       : (json_decref(line), json_object()),
				       NULL);
		text += len + (end != NULL);
		size -= len + (end != NULL);
	}
	journal_close(j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct render_options o = { .width = 80, .utf8 = true };
	struct err err = { 0 };
	struct summary *s;

	set_up();
	write_lines((const char *)data, size);
	if (summary_read(&s, &run, &err)) {
		if (!err.text[0])
			abort();
		return 0;
	}
	for (const struct renderer *r = renderers; r->name; r++) {
		struct buf out;

		buf_init(&out, 16 << 20);
		r->render(s, &run, &o, &out, &err);
		buf_release(&out);
	}
	summary_free(s);
	return 0;
}
