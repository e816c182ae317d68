#include "bench/core/fs.h"
#include "results/sample_run.h"
#include "results/summary.h"

/*
 * Recorded runs and the exact reports they must give: results/golden/NAME/ is a run folder whose journal is
 * made below. A change that is meant is written with
 *
 *	KEYBENCH_GOLDEN=write build/debug/results/report/golden_test
 *
 * run from the top of the tree, and then read with `git diff`.
 */
#define GOLDEN "results/golden"

static bool writing(void)
{
	const char *asked = getenv("KEYBENCH_GOLDEN");

	return asked && strcmp(asked, "write") == 0;
}

static int64_t drawn(struct rng *rng, int64_t ns)
{
	int64_t tail =
		rng_unit(rng) < 0.04 ? (int64_t)(rng_unit(rng) * 45 * (double)MS) : 0;

	return ns + (int64_t)(rng_normal(rng) * 6 * (double)MS) + tail;
}

static void add_case(struct sample_run *r, struct record_case c)
{
	if (!c.suite)
		c.suite = "door-unlock";
	sample_append(r, record_case_json(&c));
}

/* A day without trouble: two cases that pass, one that is skipped; on the emulated desk. */
static void make_demo(struct sample_run *r)
{
	struct attempt a;
	struct rng rng;

	rng_init(&rng, 1, "demo");
	sample_begin(r, true, 1500000);
	add_case(r, (struct record_case){
			    .id = "unlock-fast",
			    .title = "Unlock with a fast transaction",
			    .requirements = { "TXN-FAST-1", "TXN-FAST-2" },
			    .requirement_count = 2,
			    .claims = { "p95(tap) <= 300 ms", "p50(transact) <= 260 ms",
					"share(DONE) >= 95 %" },
			    .claim_count = 3,
			    .trials = 100,
			    .warmup = 2,
		    });
	add_case(r, (struct record_case){
			    .id = "unlock-standard",
			    .title = "Unlock with a standard transaction",
			    .claims = { "p90(tap) <= 900 ms" },
			    .claim_count = 1,
			    .trials = 30,
		    });
	add_case(r,
		 (struct record_case){
			 .id = "retransmission",
			 .title = "The chip repeats a lost block",
			 .trials = 10,
			 .skip = "the chip does it itself: libnfc cannot be asked for it",
		 });
	sample_append(
		r,
		record_note_json(
			"the pairing uses throw-away test keys that anybody can read"));
	for (int i = -2; i < 100; i++) {
		a = sample_attempt(r, OUTCOME_DONE, drawn(&rng, 235 * MS));
		r->trial = i < 0 ? i + 2 : i;
		sample_record(r, "unlock-fast", &a, 0, i < 0);
	}
	r->trial = 0;
	for (int i = 0; i < 30; i++) {
		a = sample_attempt(r, OUTCOME_DONE, drawn(&rng, 780 * MS));
		attempt_value(&a, "device", 520 * MS);
		strcpy(a.kind, "standard");
		sample_record(r, "unlock-standard", &a, 0, false);
	}
	sample_end(r, "complete");
}

/* Everything that can go wrong, on real hardware, with words that want to break the reports. */
static void make_trouble(struct sample_run *r)
{
	struct attempt a;
	struct rng rng;

	rng_init(&rng, 2, "trouble");
	sample_begin(r, false, 0);
	add_case(r, (struct record_case){
			    .id = "slow",
			    .title = "<Unlock> & \"quoted\", \033[31mred\033[0m, über",
			    .claims = { "p90(tap) <= 200 ms", "p99(tap) <= 1 s" },
			    .claim_count = 2,
			    .trials = 60 });
	add_case(r, (struct record_case){ .id = "wrong-signature", .trials = 2 });
	add_case(r, (struct record_case){ .id = "crash", .suite = "self", .trials = 2 });
	add_case(r, (struct record_case){
			    .id = "away", .trials = 2, .suite = "self, with comma" });
	add_case(r, (struct record_case){ .id = "never", .trials = 20, .suite = "self" });
	for (int i = 0; i < 60; i++) {
		enum outcome o = i % 20 == 7 ? OUTCOME_RF_ERROR
				 : i == 30   ? OUTCOME_NO_TAP
					     : OUTCOME_DONE;

		a = sample_attempt(r, o, drawn(&rng, 230 * MS));
		sample_record(r, "slow", &a, 0, false);
	}
	r->trial = 0;
	a = sample_attempt(r, OUTCOME_REFUSED, 100 * MS);
	attempt_complain(&a, "AUTH1: the device's signature does not verify: "
			     "\"\x01\x7f\xff\", \xe2\x82");
	attempt_note(&a, "uds F18C", "SN \"1\"\n\xff");
	attempt_point(&a, "uds.sent", r->now_ns + MS, 1000);
	attempt_point(&a, "uds.answered", r->now_ns + 3 * MS, 1000);
	sample_record(r, "wrong-signature", &a, 0, false);
	sample_try(r, "wrong-signature", OUTCOME_REFUSED, 100 * MS);
	sample_append(r, record_note_json("a note\nof two lines\twith a tab"));
	r->trial = 0;
	for (int i = 0; i < 3; i++) {
		struct record_attempt ra = { .case_id = "crash",
					     .suite = "self",
					     .trial = i / 2,
					     .attempt = i % 2,
					     .started_ns = r->now_ns,
					     .ended_ns = r->now_ns + 100 * MS,
					     .result = &a };

		a = sample_attempt(r, i ? OUTCOME_DONE : OUTCOME_BENCH_ERROR, 230 * MS);
		sample_append(r, record_attempt_json(&ra));
		if (!i)
			sample_recovery(r);
		r->now_ns += 500 * MS;
	}
	for (int i = 0; i < 2; i++) {
		struct record_attempt ra = { .case_id = "away",
					     .suite = "self, with comma",
					     .trial = i,
					     .started_ns = r->now_ns,
					     .ended_ns = r->now_ns + 100 * MS,
					     .result = &a };

		a = sample_attempt(r, i ? OUTCOME_NO_TAP : OUTCOME_DONE, 230 * MS);
		sample_append(r, record_attempt_json(&ra));
		r->now_ns += 500 * MS;
	}
	sample_end(r, NULL);
}

/* A desk on a machine that had better things to do: claims that fail, and what is the target's doing of it. */
static void make_held_up(struct sample_run *r)
{
	struct attempt a;
	struct rng rng;

	rng_init(&rng, 3, "held up");
	sample_begin(r, true, 8 * MS);
	add_case(r, (struct record_case){
			    .id = "fast",
			    .claims = { "p50(tap) <= 225 ms", "p50(tap) <= 180 ms" },
			    .claim_count = 2,
			    .trials = 40 });
	add_case(r, (struct record_case){ .id = "rate",
					  .claims = { "share(DONE) >= 90 %" },
					  .claim_count = 1,
					  .trials = 30 });
	for (int i = 0; i < 40; i++) {
		int64_t held_ns =
			rng_unit(&rng) < 0.75
				? (int64_t)((30 + rng_unit(&rng) * 60) * (double)MS)
				: 0;

		a = sample_attempt(r, OUTCOME_DONE, drawn(&rng, 205 * MS) + held_ns);
		if (held_ns)
			attempt_value(&a, "held_up", held_ns);
		sample_record(r, "fast", &a, 0, false);
	}
	r->trial = 0;
	for (int i = 0; i < 30; i++) {
		a = sample_attempt(r, i % 3 ? OUTCOME_DONE : OUTCOME_RF_ERROR,
				   drawn(&rng, 205 * MS));
		if (i % 3 == 0)
			attempt_value(&a, "held_up", 600 * MS);
		sample_record(r, "rate", &a, 0, false);
	}
	sample_append(
		r, record_note_json("the machine held the emulated desk up 20 times, by "
				    "600.0 ms at most: more than U"));
	sample_end(r, "complete");
}

/* As a power cut leaves it. */
static void tear(const struct store_run *run)
{
	char path[4200];
	FILE *f;

	store_path(run, "journal.jsonl", path, sizeof(path));
	f = fopen(path, "ab");
	assert_non_null(f);
	assert_true(fputs("{\"seq\":74,\"prev\":\"51", f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void read_file(const struct store_run *run, const char *name, struct buf *out)
{
	char path[4200];
	struct err err = { 0 };

	buf_init(out, (size_t)16 << 20);
	if (fs_read(store_path(run, name, path, sizeof(path)), (size_t)16 << 20, out,
		    &err))
		fail_msg("%s", err.text);
}

static void write_file(const struct store_run *run, const char *name,
		       struct bytes content)
{
	struct err err = { 0 };

	if (store_file(run, name, content, &err))
		fail_msg("%s", err.text);
}

static void expect_same(const char *what, struct bytes now, struct bytes recorded)
{
	size_t at = 0, line = 1;

	while (at < now.len && at < recorded.len && now.data[at] == recorded.data[at])
		line += now.data[at++] == '\n';
	if (!bytes_equal(now, recorded))
		fail_msg("%s differs from the recorded one in line %zu", what, line);
}

static void compare_or_write(const struct store_run *golden, const char *name,
			     struct bytes now)
{
	struct buf recorded;

	if (writing()) {
		write_file(golden, name, now);
		return;
	}
	read_file(golden, name, &recorded);
	expect_same(name, now, buf_bytes(&recorded));
	buf_release(&recorded);
}

static void render_and_compare(const struct store_run *golden, const char *ascii)
{
	struct render_options o = { .width = 80, .utf8 = true };
	struct summary *s = NULL;
	struct err err = { 0 };
	struct buf out;

	if (summary_read(&s, golden, &err))
		fail_msg("%s", err.text);
	for (const struct renderer *r = renderers; r->name; r++) {
		buf_init(&out, (size_t)16 << 20);
		assert_int_equal(r->render(s, golden, &o, &out, &err), 0);
		assert_false(out.failed);
		if (out.len) /* a map is of a run that swept places */
			compare_or_write(golden, r->file, buf_bytes(&out));
		buf_release(&out);
	}
	o.utf8 = false;
	buf_init(&out, (size_t)16 << 20);
	assert_int_equal(renderer_find("text")->render(s, golden, &o, &out, &err), 0);
	compare_or_write(golden, ascii, buf_bytes(&out));
	buf_release(&out);
	summary_free(s);
}

static void check(const char *name, void (*make)(struct sample_run *r), bool torn)
{
	struct store_run golden;
	struct sample_run r;
	struct err err = { 0 };
	struct buf journal;

	snprintf(golden.path, sizeof(golden.path), GOLDEN "/%s", name);
	make(&r);
	if (torn)
		tear(&r.run);
	if (writing() && fs_mkdirs(golden.path, &err))
		fail_msg("%s", err.text);
	read_file(&r.run, "journal.jsonl", &journal);
	compare_or_write(&golden, "journal.jsonl", buf_bytes(&journal));
	buf_release(&journal);
	render_and_compare(&golden, "report-ascii.txt");
	sample_release(&r);
}

static void a_quiet_run_gives_its_recorded_reports(void **state)
{
	(void)state;
	check("demo", make_demo, false);
}

static void a_run_full_of_trouble_gives_its_recorded_reports(void **state)
{
	(void)state;
	check("trouble", make_trouble, true);
}

static void a_run_on_a_busy_machine_gives_its_recorded_reports(void **state)
{
	(void)state;
	check("held-up", make_held_up, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quiet_run_gives_its_recorded_reports),
		cmocka_unit_test(a_run_full_of_trouble_gives_its_recorded_reports),
		cmocka_unit_test(a_run_on_a_busy_machine_gives_its_recorded_reports),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
