#include "results/journal.h"

#include "bench/core/bytes.h"
#include "bench/core/fs.h"
#include "results/sample_run.h"

#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
	char dir[64], path[96];
};

static struct place new_place(void)
{
	struct place p;

	sample_dir(p.dir);
	snprintf(p.path, sizeof(p.path), "%s/journal.jsonl", p.dir);
	return p;
}

static void put(const struct place *p, const char *text, size_t len)
{
	FILE *f = fopen(p->path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static size_t get(const struct place *p, char *text, size_t size)
{
	FILE *f = fopen(p->path, "rb");
	size_t len;

	assert_non_null(f);
	len = fread(text, 1, size - 1, f);
	text[len] = '\0';
	fclose(f);
	return len;
}

/* A journal of @count lines. */
static void make(const struct place *p, int count)
{
	struct journal *j;
	struct err err = { 0 };

	assert_int_equal(journal_create(&j, p->path, &err), 0);
	for (int i = 0; i < count; i++)
		assert_int_equal(
			journal_append(j, json_pack("{s:s,s:i}", "type", "n", "i", i),
				       &err),
			0);
	assert_int_equal(journal_sync(j, &err), 0);
	journal_close(j);
}

static int count_line(void *ctx, json_t *line, int line_no, struct err *err)
{
	int *count = ctx;

	(void)err;
	assert_int_equal(json_integer_value(json_object_get(line, "seq")), *count);
	assert_int_equal(line_no, ++*count);
	return 0;
}

static int any_line(void *ctx, json_t *line, int line_no, struct err *err)
{
	(void)ctx;
	(void)line;
	(void)line_no;
	(void)err;
	return 0;
}

/* Reading fails with ERR_FORMAT at line @line_no, and says @word. */
static void expect_refusal(const struct place *p, int line_no, const char *word)
{
	struct err err = { 0 };
	char at[32];

	snprintf(at, sizeof(at), "journal.jsonl:%d:1: ", line_no);
	assert_int_equal(journal_read(p->path, any_line, NULL, NULL, &err), ERR_FORMAT);
	if (!strstr(err.text, at) || !strstr(err.text, word))
		fail_msg("not \"%s\", \"%s\" but: %s", at, word, err.text);
}

static void what_is_written_is_read(void **state)
{
	struct place p = new_place();
	struct err err = { 0 };
	bool torn = true;
	int count = 0;

	(void)state;
	make(&p, 5);
	assert_int_equal(journal_read(p.path, count_line, &count, &torn, &err), 0);
	assert_int_equal(count, 5);
	assert_false(torn);
	sample_remove(p.dir);
}

static void every_line_carries_the_hash_of_the_one_before(void **state)
{
	struct place p = new_place();
	char text[4096], hex[65], prev[80];
	uint8_t digest[32];
	char *line, *next;

	(void)state;
	make(&p, 3);
	get(&p, text, sizeof(text));
	assert_non_null(strstr(
		text, "\"prev\":\"0000000000000000000000000000000000000000000000000000"
		      "000000000000\""));
	for (line = text; (next = strchr(line, '\n')) && next[1]; line = next + 1) {
		EVP_Digest(line, (size_t)(next - line), digest, NULL, EVP_sha256(), NULL);
		snprintf(prev, sizeof(prev), "\"prev\":\"%s\"",
			 hex_of(BYTES_OF(digest), hex, sizeof(hex)));
		*strchr(next + 1, '\n') = '\0';
		assert_non_null(strstr(next + 1, prev));
		next[1 + strlen(next + 1)] = '\n';
	}
	sample_remove(p.dir);
}

static void a_journal_is_never_written_over(void **state)
{
	struct place p = new_place();
	struct journal *j;
	struct err err = { 0 };

	(void)state;
	make(&p, 1);
	assert_int_equal(journal_create(&j, p.path, &err), ERR_IO);
	assert_int_equal(journal_create(&j, "/nowhere/at/all", &err), ERR_IO);
	sample_remove(p.dir);
}

static void a_torn_last_line_is_left_out_and_said(void **state)
{
	struct place p = new_place();
	struct err err = { 0 };
	char text[4096];
	size_t len, third;

	(void)state;
	make(&p, 3);
	len = get(&p, text, sizeof(text));
	text[len - 1] = '\0';
	third = (size_t)(strrchr(text, '\n') + 1 - text);
	text[len - 1] = '\n';
	/* cut anywhere in it, its newline included */
	for (size_t cut = third + 1; cut < len; cut++) {
		bool torn = false;
		int count = 0;

		put(&p, text, cut);
		assert_int_equal(journal_read(p.path, count_line, &count, &torn, &err),
				 0);
		assert_int_equal(count, 2);
		assert_true(torn);
	}
	sample_remove(p.dir);
}

static void a_changed_byte_anywhere_but_in_the_last_line_is_found(void **state)
{
	struct place p = new_place();
	char text[4096], spoilt[4096];
	struct err err = { 0 };
	size_t len, last;

	(void)state;
	make(&p, 3);
	len = get(&p, text, sizeof(text));
	text[len - 1] = '\0';
	last = (size_t)(strrchr(text, '\n') + 1 - text);
	text[len - 1] = '\n';
	for (size_t at = 0; at < last; at++) {
		memcpy(spoilt, text, len);
		spoilt[at] ^= 1;
		put(&p, spoilt, len);
		assert_int_equal(journal_read(p.path, any_line, NULL, NULL, &err),
				 ERR_FORMAT);
		assert_non_null(strstr(err.text, "journal.jsonl:"));
	}
	sample_remove(p.dir);
}

static void an_altered_line_is_told_from_a_missing_one(void **state)
{
	struct place p = new_place();
	char text[4096], other[4096];
	char *second, *third;
	size_t len;

	(void)state;
	make(&p, 4);
	len = get(&p, text, sizeof(text));
	second = strchr(text, '\n') + 1;
	third = strchr(second, '\n') + 1;

	memcpy(other, text, len); /* "i":1 becomes "i":7 */
	other[third - text - 3] = '7';
	put(&p, other, len);
	expect_refusal(&p, 3, "not the SHA-256 of line 2");

	memcpy(other, text, (size_t)(second - text)); /* the second is gone */
	memcpy(other + (second - text), third, len - (size_t)(third - text));
	put(&p, other, len - (size_t)(third - second));
	expect_refusal(&p, 2, "lines are missing or in another order");

	memcpy(other, second, (size_t)(third - second)); /* the first two swapped */
	memcpy(other + (third - second), text, (size_t)(second - text));
	memcpy(other + (third - text), third, len - (size_t)(third - text));
	put(&p, other, len);
	expect_refusal(&p, 1, "lines are missing or in another order");

	put(&p, second, len - (size_t)(second - text)); /* the first is gone */
	expect_refusal(&p, 1, "seq 1 where 0 was due");
	sample_remove(p.dir);
}

static void what_is_no_journal_is_refused(void **state)
{
	static const char zeros[] = "\0\0\0\0\0\0\0\n\0\0";
	static const char *const bad[] = { "\n",
					   "hello\n",
					   "[]\n",
					   "{}\n",
					   "null\n",
					   "{\"seq\":0}\n",
					   "{\"seq\":\"0\",\"prev\":1}\n",
					   "{\"seq\":0,\"seq\":0}\n",
					   "{\"seq\":0.0,\"prev\":\"\"}\n",
					   "{\"seq\":1e999}\n",
					   "{\"seq\":0,\"prev\":\"ff\"}\n",
					   "\xff\xfe\n" };
	struct place p = new_place();

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put(&p, bad[i], strlen(bad[i]));
		expect_refusal(&p, 1, "");
	}
	put(&p, zeros, sizeof(zeros));
	expect_refusal(&p, 1, "not a JSON object");
	sample_remove(p.dir);
}

static void an_endless_line_is_refused_and_not_swallowed(void **state)
{
	struct place p = new_place();
	size_t len = (size_t)3 << 20;
	char *text = malloc(len);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', len);
	put(&p, text, len);
	expect_refusal(&p, 1, "longer than");
	text[JOURNAL_MAX_LINE + 7] = '\n';
	put(&p, text, len);
	expect_refusal(&p, 1, "longer than");
	memset(text, '[', 100000); /* deep, but not long */
	text[100000] = '\n';
	put(&p, text, 100001);
	expect_refusal(&p, 1, "not a JSON object");
	free(text);
	sample_remove(p.dir);
}

static void an_empty_file_has_no_lines_and_a_folder_is_no_file(void **state)
{
	struct place p = new_place();
	struct err err = { 0 };
	bool torn = true;
	int count = 0;

	(void)state;
	put(&p, "", 0);
	assert_int_equal(journal_read(p.path, count_line, &count, &torn, &err), 0);
	assert_int_equal(count, 0);
	assert_false(torn);
	assert_int_equal(journal_read(p.dir, any_line, NULL, NULL, &err), ERR_FORMAT);
	assert_int_equal(journal_read("/nowhere", any_line, NULL, NULL, &err), ERR_IO);
	unlink(p.path);
	assert_int_equal(mkfifo(p.path, 0600), 0);
	assert_int_equal(journal_read(p.path, any_line, NULL, NULL, &err), 0);
	sample_remove(p.dir);
}

static void an_error_sticks(void **state)
{
	struct place p = new_place();
	struct err err = { 0 }, again = { 0 };
	struct journal *j;
	char *big = calloc(1, (size_t)JOURNAL_MAX_LINE + 1);
	int count = 0;

	(void)state;
	assert_non_null(big);
	memset(big, 'x', JOURNAL_MAX_LINE);
	assert_int_equal(journal_create(&j, p.path, &err), 0);
	assert_int_equal(journal_append(j, json_pack("{s:s}", "type", "small"), &err), 0);
	assert_int_equal(journal_append(j, json_pack("{s:s}", "big", big), &err),
			 ERR_RANGE);
	assert_int_equal(journal_append(j, json_pack("{s:s}", "type", "small"), &again),
			 ERR_RANGE);
	assert_string_equal(err.text, again.text);
	assert_int_equal(journal_sync(j, &again), ERR_RANGE);
	journal_close(j);
	/* what was good before it can still be read */
	assert_int_equal(journal_read(p.path, count_line, &count, NULL, &err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(journal_create(&j, "/dev/full", &err), ERR_IO); /* exists */
	free(big);
	sample_remove(p.dir);
}

static void a_missing_line_is_an_error_not_a_crash(void **state)
{
	struct place p = new_place();
	struct err err = { 0 };
	struct journal *j;

	(void)state;
	assert_int_equal(journal_create(&j, p.path, &err), 0);
	assert_int_equal(journal_append(j, NULL, &err), ERR_NOMEM);
	journal_close(j);
	journal_close(NULL);
	sample_remove(p.dir);
}

static int stop_at_two(void *ctx, json_t *line, int line_no, struct err *err)
{
	(void)ctx;
	(void)line;
	return line_no == 2 ? err_set(err, ERR_AUTH, "enough") : 0;
}

static void the_reader_of_lines_may_stop(void **state)
{
	struct place p = new_place();
	struct err err = { 0 };

	(void)state;
	make(&p, 4);
	assert_int_equal(journal_read(p.path, stop_at_two, NULL, NULL, &err), ERR_AUTH);
	assert_string_equal(err.text, "enough");
	sample_remove(p.dir);
}

static int none(void *ctx, json_t *line, int line_no, struct err *err)
{
	(void)line, (void)line_no, (void)err;
	++*(int *)ctx;
	return 0;
}

static void one_goes_on_behind_the_last_whole_line_wherever_it_was_torn(void **state)
{
	struct place p = new_place();
	char text[4096], torn[JOURNAL_TORN_MAX];
	struct err err = { 0 };
	size_t len, third;

	(void)state;
	make(&p, 3);
	len = get(&p, text, sizeof(text));
	text[len - 1] = '\0';
	third = (size_t)(strrchr(text, '\n') + 1 - text);
	text[len - 1] = '\n';
	for (size_t cut = third; cut <= len; cut++) {
		struct journal *j;
		bool still_torn = true;
		int seen = 0, count = 0;

		put(&p, text, cut);
		assert_int_equal(journal_resume(&j, p.path, none, &seen, torn, &err), 0);
		assert_int_equal(seen, cut == len ? 3 : 2);
		assert_int_equal(torn[0] != '\0', cut > third && cut < len);
		assert_memory_equal(torn, text + third, strlen(torn));
		assert_int_equal(
			journal_append(j, json_pack("{s:s}", "type", "on"), &err), 0);
		journal_close(j);
		assert_int_equal(journal_read(p.path, none, &count, &still_torn, &err),
				 0);
		assert_int_equal(count, seen + 1);
		assert_false(still_torn);
	}
	sample_remove(p.dir);
}

static void nobody_goes_on_with_a_journal_that_is_written_or_altered(void **state)
{
	struct place p = new_place();
	char text[4096], torn[JOURNAL_TORN_MAX];
	struct journal *j, *other = NULL;
	struct err err = { 0 };
	int seen = 0;
	size_t len;

	(void)state;
	assert_int_equal(journal_create(&j, p.path, &err), 0);
	assert_int_equal(journal_resume(&other, p.path, none, &seen, torn, &err), ERR_IO);
	assert_non_null(strstr(err.text, "still under way"));
	journal_close(j);
	unlink(p.path);
	make(&p, 3);
	len = get(&p, text, sizeof(text));
	*strstr(text, "\"i\":1") = '-';
	put(&p, text, len);
	assert_int_equal(journal_resume(&other, p.path, none, &seen, torn, &err),
			 ERR_FORMAT);
	assert_null(other);
	assert_int_equal(get(&p, torn, sizeof(torn)), sizeof(torn) - 1);
	get(&p, text, sizeof(text));
	assert_int_equal(strlen(text), len); /* and it is left as it is */
	sample_remove(p.dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(every_line_carries_the_hash_of_the_one_before),
		cmocka_unit_test(a_journal_is_never_written_over),
		cmocka_unit_test(a_torn_last_line_is_left_out_and_said),
		cmocka_unit_test(a_changed_byte_anywhere_but_in_the_last_line_is_found),
		cmocka_unit_test(an_altered_line_is_told_from_a_missing_one),
		cmocka_unit_test(what_is_no_journal_is_refused),
		cmocka_unit_test(an_endless_line_is_refused_and_not_swallowed),
		cmocka_unit_test(an_empty_file_has_no_lines_and_a_folder_is_no_file),
		cmocka_unit_test(an_error_sticks),
		cmocka_unit_test(a_missing_line_is_an_error_not_a_crash),
		cmocka_unit_test(the_reader_of_lines_may_stop),
		cmocka_unit_test(
			one_goes_on_behind_the_last_whole_line_wherever_it_was_torn),
		cmocka_unit_test(
			nobody_goes_on_with_a_journal_that_is_written_or_altered),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
