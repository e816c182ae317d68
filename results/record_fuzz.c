/* Any JSON object as each kind of record; what is taken is written and taken again. */
#include "results/record.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int rc, const struct err *err)
{
	if (rc && !err->text[0])
		abort();
}

static void attempt(const json_t *line)
{
	struct attempt a, back;
	struct record_attempt r, again;
	struct err err = { 0 };
	int rc = record_attempt_parse(&r, &a, line, &err);
	json_t *written;

	check(rc, &err);
	if (rc)
		return;
	written = record_attempt_json(&r);
	if (!written || record_attempt_parse(&again, &back, written, &err) ||
	    back.point_count != a.point_count || back.outcome != a.outcome)
		abort();
	json_decref(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *line = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
	struct record_recovery recovery;
	struct record_case c;
	struct record_run run;
	struct record_resume resume;
	struct record_end end;
	struct err err = { 0 };

	if (!line)
		return 0;
	check(record_run_parse(&run, line, &err), &err);
	check(record_case_parse(&c, line, &err), &err);
	check(record_recovery_parse(&recovery, line, &err), &err);
	check(record_resume_parse(&resume, line, &err), &err);
	check(record_end_parse(&end, line, &err), &err);
	attempt(line);
	json_decref(line);
	return 0;
}
