/*
 * Torture: the n-th allocation fails, and the n-th driver call, over a whole run in this process: target, rig,
 * suite, plan, both engines, simulated reader and positioner, runner, journal, summary, every renderer.
 *
 * (The phone is in this process as well. One that runs out of memory may say so, as phones do.)
 *
 * Each n is a child process. It must end by itself (no crash, no hang, no leak where LeakSanitizer watches), say
 * why it stopped if it did, and leave a journal whose chain holds and that holds nothing against the target.
 *
 * Allocations of ours are those of the linked objects (ld --wrap, see the Makefile); OpenSSL, jansson and libxml2
 * are told to take ours. libfyaml and zlib cannot be told: their own allocations never fail here.
 * TORTURE=all tries every n (some 25 000: ten minutes on two cores); without it as many as fit into a few
 * seconds, spread evenly. As many at a time as there are processors. TORTURE=openssl:14039 tries
 * that one, TORTURE=ours:1-500 those.
 */
#include "bench/plan.h"
#include "bench/rig.h"
#include "bench/runner.h"
#include "bench/target.h"

#include "bench/core/crypto/random.h"
#include "drivers/nfc/sim.h"
#include "drivers/peer.h"
#include "drivers/positioner/sim.h"
#include "drivers/wrap/fault.h"
#include "results/record.h"
#include "results/summary.h"

#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <libxml/parser.h>
#include <libxml/xmlmemory.h>
#include <openssl/crypto.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Whose allocation. */
enum domain {
	OURS,
	JANSSON,
	OPENSSL,
	LIBXML2,
	DOMAIN_COUNT
};
static const char *const domain_names[] = { "ours", "jansson", "openssl", "libxml2" };

static struct {
	long count[DOMAIN_COUNT];
	enum domain domain;
	long nth; /* of .domain fails; 0: none */
	bool in_phone,
		struck_phone; /* the phone is in this process too, but not the bench */
} torture;

static bool fails(enum domain d)
{
	if (++torture.count[d] != torture.nth || torture.domain != d)
		return false;
	torture.struck_phone = torture.in_phone;
	return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

void *__wrap_malloc(size_t size)
{
	return fails(OURS) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails(OURS) ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails(OURS) ? NULL : __real_realloc(p, size);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return fails(OURS) ? NULL : __real_reallocarray(p, n, size);
}

char *__wrap_strdup(const char *s)
{
	return fails(OURS) ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
	return fails(OURS) ? NULL : __real_strndup(s, n);
}

/* The disk is not what is tortured. */
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);

int __wrap_fsync(int fd)
{
	(void)fd;
	return 0;
}

int __wrap_fdatasync(int fd)
{
	(void)fd;
	return 0;
}

/*
 * OpenSSL 3.0 and libxml2 2.9 lose a few bytes of their own when one of their own allocations fails. What they
 * allocate while they are tortured comes through these, so that LeakSanitizer lets that pass and nothing else.
 */
const char *__lsan_default_suppressions(void);
__attribute__((noinline)) static void *tortured_malloc(size_t size)
{
	void *volatile p =
		__real_malloc(size); /* no tail call: the frame is what counts */

	return p;
}

__attribute__((noinline)) static void *tortured_realloc(void *old, size_t size)
{
	void *volatile p = __real_realloc(old, size);

	return p;
}

const char *__lsan_default_suppressions(void)
{
	return "leak:library_get\nleak:library_resize\nleak:tortured_malloc\n"
	       "leak:tortured_realloc\nleak:libfyaml.so\n";
}

static void *library_get(enum domain d, size_t size)
{
	if (fails(d))
		return NULL;
	return torture.domain == d && torture.nth ? tortured_malloc(size)
						  : __real_malloc(size);
}

static void *library_resize(enum domain d, void *p, size_t size)
{
	if (fails(d))
		return NULL;
	return torture.domain == d && torture.nth ? tortured_realloc(p, size)
						  : __real_realloc(p, size);
}

static void *json_get(size_t size)
{
	return fails(JANSSON) ? NULL : __real_malloc(size);
}

/*
 * The one that OpenSSL 3.0 does not survive: sskdf_new() writes to the context that it got no memory for (seen with
 * 3.0.22 under EVP_KDF_CTX_new for X963KDF, and in its source). It has more than 64 bytes; what sskdf.c copies
 * besides, secrets and infos, fails like everything else.
 */
static bool is_fatal(size_t size, const char *file)
{
	const char *name = file ? strrchr(file, '/') : NULL;

	return name && !strcmp(name, "/sskdf.c") && size > 64;
}

static void *ssl_get(size_t size, const char *file, int line)
{
	(void)line;
	return is_fatal(size, file) ? __real_malloc(size) : library_get(OPENSSL, size);
}

static void *ssl_resize(void *p, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return library_resize(OPENSSL, p, size);
}

static void ssl_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

static void *xml_get(size_t size)
{
	return library_get(LIBXML2, size);
}

static void *xml_resize(void *p, size_t size)
{
	return library_resize(LIBXML2, p, size);
}

static char *xml_copy(const char *s)
{
	char *copy = library_get(LIBXML2, strlen(s) + 1);

	return copy ? strcpy(copy, s) : NULL;
}

/* One run, everything in this process. */
struct world {
	struct peer peer; /* first: the reader hands it back */
	struct clock_virtual clock;
	struct fault fault;
	OSSL_LIB_CTX *lib;
	struct target target;
	struct rig *rig;
	struct suite *suite;
	struct plan plan;
	struct device *device;
	struct reader *bare; /* under the fault */
	struct pump *pump;
	struct journal *journal;
	struct store_run run;
	enum run_end end;
};

static struct world *the_world; /* of the child; drivers are opened without a context */
static char dir[60] = "/tmp/keybench-torture.XXXXXX"; /* of all; in a child, its own */
static int home; /* the folder that the test runs in */

static const char suite_text[] =
	"suite: torture\n"
	"cases:\n"
	"  - id: fast\n"
	"    trials: {warmup: 1, count: 5}\n"
	"    steps: [approach, select, transact: {kind: fast}]\n"
	"    expect: [p50(tap) <= 100 s, share(DONE) >= 1 %]\n"
	"  - id: standard\n"
	"    requirement: [R1, R2]\n"
	"    steps: [approach, select, transact: {kind: standard}, wait: {for: 1 ns}]\n";
#define TRIALS 6 /* warm-up not counted */

static void peer_reset(struct peer *p)
{
	device_reset(((struct world *)p)->device);
}

static int peer_answer(struct peer *p, struct bytes command, struct buf *answer,
		       int64_t *think_ns)
{
	torture.in_phone = true;
	device_answer(((struct world *)p)->device, command, answer);
	torture.in_phone = false;
	*think_ns = NS_PER_MS;
	return 0;
}

static void moved(void *ctx, enum position to, int64_t settled_ns)
{
	(void)settled_ns;
	sim_reader_place(((struct world *)ctx)->bare, to == POSITION_TAP, 0);
}

static int open_positioner(struct positioner **out, const void *options,
			   const struct positioner_parts *parts, struct clock *clock,
			   struct err *err)
{
	static const struct sim_positioner_options at_once = { 0 };
	struct positioner *bare;
	int rc = sim_positioner_open(&bare, &at_once, moved, the_world, clock, err);

	(void)options;
	(void)parts;
	return rc ? rc : fault_positioner_open(out, bare, &the_world->fault, err);
}

static const struct positioner_driver positioner = { .name = "torture",
						     .open = open_positioner };

/* What rig_open would do, with simulated devices. */
static int open_devices(struct world *w, struct err *err)
{
	struct rig *rig = w->rig;
	struct reader_identity id;
	int rc;

	rig->clock = &w->clock.base;
	rig->pump = w->pump;
	rig->simulated = true;
	rig->relay_driver = NULL;
	rig->reader_driver = &sim_reader_driver;
	rig->positioner_driver = &positioner;
	rig->reader_fsd = 256;
	rc = sim_reader_open(&w->bare, NULL, &w->peer, rig->clock, err);
	if (!rc)
		rc = fault_reader_open(&rig->reader, w->bare, &w->fault, err);
	if (!rc)
		rc = reader_identity(rig->reader, &id, err);
	if (!rc)
		rc = open_positioner(&rig->positioner, NULL, NULL, rig->clock, err);
	return rc ? rc
		  : vehicle_new(&rig->vehicle, rig->profile, &rig->pairing, w->lib, err);
}

static int load(struct world *w, struct err *err)
{
	int rc = target_load(&w->target, "fixtures/profiles/target/example.yaml", err);

	if (!rc)
		rc = rig_load(&w->rig, "fixtures/rigs/emulated-a.yaml", err);
	if (!rc)
		rc = suite_parse(
			&w->suite, "torture.yaml",
			BYTES((const uint8_t *)suite_text, sizeof(suite_text) - 1),
			conf_root(w->target.conf), err);
	if (!rc)
		rc = plan_make(&w->plan, &w->suite, 1, rig_has(w->rig), w->rig->dbc, 0,
			       err);
	if (!rc)
		rc = pump_new(&w->pump, err);
	if (!rc)
		rc = crypto_seeded_new(&w->lib, 1, err);
	if (!rc)
		rc = device_new(&w->device, w->rig->profile, &w->rig->pairing, NULL,
				w->lib, err);
	return rc ? rc : open_devices(w, err);
}

static int perform(struct world *w, struct err *err)
{
	struct runner r = { .rig = w->rig,
			    .plan = &w->plan,
			    .target = &w->target,
			    .pump = w->pump,
			    .seed = 1 };
	char path[sizeof(w->run.path) + 64];
	int rc = store_new_run(&w->run, dir, "torture", 0, err);

	if (!rc)
		rc = store_input(&w->run, "rig.yaml", conf_text(w->rig->conf), err);
	if (!rc)
		rc = journal_create(
			&w->journal,
			store_path(&w->run, "journal.jsonl", path, sizeof(path)), err);
	if (rc)
		return rc;
	r.journal = w->journal;
	rc = runner_begin(&r, "torture", 0, err);
	if (!rc)
		rc = runner_run(&r, &w->end, err);
	return rc;
}

static int render(struct world *w, struct err *err)
{
	struct render_options o = { .width = 80, .utf8 = true };
	struct summary *s;
	int rc = summary_read(&s, &w->run, err);

	if (rc)
		return rc;
	rc = summary_write_reports(s, &w->run, err);
	for (const struct renderer *r = renderers; !rc && r->name; r++) {
		struct buf out;

		buf_init(&out, 1 << 20);
		rc = r->render(s, &w->run, &o, &out, err);
		if (!rc && out.failed)
			rc = err_set(err, ERR_NOMEM, "a report that was cut");
		buf_release(&out);
	}
	summary_free(s);
	return rc;
}

static void release(struct world *w)
{
	journal_close(w->journal);
	plan_free(&w->plan);
	suite_free(w->suite);
	if (w->rig && !w->rig->reader) /* the wrapper did not come to be and closed it */
		w->bare = NULL;
	if (w->rig)
		rig_close(w->rig);
	device_free(w->device);
	rig_free(w->rig);
	target_free(&w->target);
	pump_free(w->pump);
	crypto_seeded_free(w->lib);
}

/* What the journal says of the run. */
struct tally {
	int attempts, bench_errors, others, trials;
	bool end;
};

static int count(void *ctx, json_t *line, int line_no, struct err *err)
{
	struct tally *t = ctx;
	const char *type = json_string_value(json_object_get(line, "type"));
	struct record_attempt r;
	struct attempt a;

	(void)line_no;
	t->end = !strcmp(type, "end");
	if (strcmp(type, "attempt") != 0)
		return 0;
	if (record_attempt_parse(&r, &a, line, err))
		return ERR_FORMAT;
	t->attempts++;
	t->trials += !r.warmup && r.attempt == 0;
	t->bench_errors += a.outcome == OUTCOME_BENCH_ERROR;
	/* an honest phone on a good bench: whatever fails here is our own fault */
	if ((a.outcome == OUTCOME_BENCH_ERROR || a.outcome == OUTCOME_DONE) &&
	    !a.complaint[0])
		return 0;
	fprintf(stderr, "%s %s %s\n", outcome_name(a.outcome), a.detail, a.complaint);
	t->others++;
	return 0;
}

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "TORTURE: %s\n", what);
	_exit(99);
}

/* The journal, as far as it came, is whole and blames nobody. */
static void check_journal(const struct world *w, int rc, struct tally *t)
{
	char path[sizeof(w->run.path) + 64];
	struct err err = { 0 };
	bool torn;

	*t = (struct tally){ 0 };
	if (!w->journal)
		return;
	store_path(&w->run, "journal.jsonl", path, sizeof(path));
	if (journal_read(path, count, t, &torn, &err)) {
		fprintf(stderr, "%s\n", err.text);
		require(false, "the journal cannot be read");
	}
	require(!torn, "the journal is torn");
	require(!t->others || torture.struck_phone,
		"our own failure is held against the target");
	if (!rc && w->end == RUN_COMPLETE) {
		require(t->end, "a run that is complete has no end");
		require(t->trials == TRIALS, "a trial is lost");
	}
}

/* In the child. @return its exit status */
static int whole_run(const struct fault_plan *plan, struct tally *t)
{
	struct world w = { .peer = { .reset = peer_reset, .answer = peer_answer } };
	struct err err = { 0 };
	int rc;

	the_world = &w;
	clock_virtual_init(&w.clock);
	fault_init(&w.fault, plan);
	rc = load(&w, &err);
	if (!rc)
		rc = perform(&w, &err);
	if (!rc)
		rc = render(&w, &err);
	torture.nth = 0;
	if (rc) {
		fprintf(stderr, "%s\n", err.text);
		require(err.text[0], "nobody said why");
		require(err.code == rc, "the text is of another error");
	}
	check_journal(&w, rc, t);
	release(&w);
	xmlCleanupParser();
	return 0;
}

static const struct fault_plan no_fault = { .code = ERR_IO };

/* A child at work, in a folder of its own. */
struct job {
	pid_t pid; /* 0: none */
	char dir[60];
	const char *name;
	long n;
};
static struct job jobs[16];
static int job_count = 1, next_job;
static long tried, failed;

static int drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	return at->level ? remove(path) : 0;
}

static void clear(const char *path)
{
	assert_int_equal(nftw(path, drop, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* What runs in the child: never comes back. */
static void work(const struct job *job, const struct fault_plan *plan)
{
	struct tally t;

	snprintf(dir, sizeof(dir), "%s", job->dir);
	if (chdir(job->dir) || !freopen("said", "w", stderr) || fchdir(home))
		_exit(98);
	signal(SIGSEGV, SIG_DFL); /* cmocka catches what must be seen here */
	signal(SIGBUS, SIG_DFL);
	signal(SIGFPE, SIG_DFL);
	signal(SIGILL, SIG_DFL);
	alarm(60); /* a hang */
	memset(torture.count, 0, sizeof(torture.count));
	exit(whole_run(plan, &t));
}

/* Its end: did it end as it should? What it said is shown when it did not. */
static void finish(struct job *job)
{
	char show[120];
	int status;

	if (!job->pid)
		return;
	assert_int_equal(waitpid(job->pid, &status, 0), job->pid);
	job->pid = 0;
	tried++;
	if (status) {
		failed++;
		print_error("%s %ld: wait status %#x\n", job->name, job->n,
			    (unsigned)status);
		snprintf(show, sizeof(show), "head -c 3000 '%s/said' >&2", job->dir);
		if (system(show))
			print_error("(nothing was said)\n");
	}
	clear(job->dir);
}

static void begin(const char *name, long n, const struct fault_plan *plan)
{
	struct job *job = &jobs[next_job];

	next_job = (next_job + 1) % job_count;
	finish(job);
	job->name = name;
	job->n = n;
	fflush(NULL);
	job->pid = fork();
	if (job->pid == 0)
		work(job, plan);
	assert_true(job->pid > 0);
}

/* @return how many of those since the last time did not end as they should */
static long finish_all(void)
{
	long were;

	for (int i = 0; i < job_count; i++)
		finish(&jobs[i]);
	were = failed;
	failed = 0;
	return were;
}

/* Everything once without a failure; how many allocations, and driver calls, that took. */
static struct {
	long allocations[DOMAIN_COUNT];
	long calls;
	struct tally tally;
	int status;
} dry;

static int make_jobs(void)
{
	const long n = sysconf(_SC_NPROCESSORS_ONLN);

	home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	job_count = n < 1 ? 1 : n > 16 ? 16 : (int)n;
	if (home < 0 || !mkdtemp(dir))
		return -1;
	for (int i = 0; i < job_count; i++) {
		snprintf(jobs[i].dir, sizeof(jobs[i].dir), "%.40s/%d", dir, i);
		if (mkdir(jobs[i].dir, 0700))
			return -1;
	}
	return 0;
}

static int dry_run(void **state)
{
	int fds[2], status;
	pid_t pid;

	(void)state;
	if (make_jobs() || pipe(fds))
		return -1;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		alarm(60);
		snprintf(dir, sizeof(dir), "%s", jobs[0].dir);
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		dry.status = whole_run(&no_fault, &dry.tally);
		memcpy(dry.allocations, torture.count, sizeof(torture.count));
		dry.calls = the_world->fault.calls;
		if (write(fds[1], &dry, sizeof(dry)) != sizeof(dry))
			_exit(1);
		exit(0);
	}
	close(fds[1]);
	if (read(fds[0], &dry, sizeof(dry)) != sizeof(dry) ||
	    waitpid(pid, &status, 0) != pid || status)
		return -1;
	close(fds[0]);
	clear(jobs[0].dir);
	for (int d = 0; d < DOMAIN_COUNT; d++)
		print_message("# %s: %ld allocations\n", domain_names[d],
			      dry.allocations[d]);
	print_message("# %ld driver calls\n", dry.calls);
	return 0;
}

static int tidy(void **state)
{
	(void)state;
	finish_all();
	print_message("# %ld runs in all\n", tried);
	clear(dir);
	return rmdir(dir);
}

static void without_failures_all_is_well(void **state)
{
	(void)state;
	assert_int_equal(dry.tally.trials, TRIALS);
	assert_int_equal(dry.tally.bench_errors, 0);
	assert_true(dry.tally.end);
	for (int d = 0; d < DOMAIN_COUNT; d++)
		assert_true(dry.allocations[d] > 20);
}

/* All of them, or @most spread evenly, the first ones in any case. */
static void torture_domain(enum domain d, long most)
{
	const char *which = getenv("TORTURE") ? getenv("TORTURE") : "";
	const bool every = !strcmp(which, "all");
	const size_t len = strlen(domain_names[d]);
	long total = dry.allocations[d], step = every ? 1 : total / most + 1;
	long began = 0, first = 1;

	if (strchr(which, ':')) { /* a few, or one to look at */
		char *dash = NULL;

		total = 0;
		if (!strncmp(which, domain_names[d], len) && which[len] == ':') {
			first = total = strtol(which + len + 1, &dash, 10);
			step = 1;
			if (*dash == '-')
				total = atol(dash + 1);
		}
	}
	torture.domain = d;
	for (long n = first; n <= total && failed < 20; n += step) {
		torture.nth = n;
		begin(domain_names[d], n, &no_fault);
		if (++began % 1000 == 0)
			print_message("# %s: %ld of %ld ...\n", domain_names[d], n,
				      total);
	}
	torture.nth = 0;
	print_message("# %s: %ld of %ld allocations failed in turn\n", domain_names[d],
		      began, total);
	assert_int_equal(finish_all(), 0);
}

static void the_nth_allocation_of_ours_fails(void **state)
{
	(void)state;
	torture_domain(OURS, 50);
}

static void the_nth_allocation_of_jansson_fails(void **state)
{
	(void)state;
	torture_domain(JANSSON, 40);
}

static void the_nth_allocation_of_openssl_fails(void **state)
{
	(void)state;
	torture_domain(OPENSSL, 40);
}

static void the_nth_allocation_of_libxml2_fails(void **state)
{
	(void)state;
	torture_domain(LIBXML2, 20);
}

static void the_nth_driver_call_fails(void **state)
{
	static const int codes[] = { ERR_IO, ERR_TIMEOUT, ERR_GONE };

	(void)state;
	for (long n = 1; n <= dry.calls && failed < 5; n++) {
		struct fault_plan plan = { .nth = n,
					   .code = codes[n % 3],
					   .too_late = n / 3 % 2 };

		begin("driver call", n, &plan);
	}
	assert_int_equal(finish_all(), 0);
}

static void many_driver_calls_fail(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct fault_plan plan = { .share = 0.04 * (double)seed,
					   .seed = seed,
					   .code = ERR_IO };

		begin("driver calls, seed", (long)seed, &plan);
	}
	assert_int_equal(finish_all(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_failures_all_is_well),
		cmocka_unit_test(the_nth_allocation_of_ours_fails),
		cmocka_unit_test(the_nth_allocation_of_jansson_fails),
		cmocka_unit_test(the_nth_allocation_of_openssl_fails),
		cmocka_unit_test(the_nth_allocation_of_libxml2_fails),
		cmocka_unit_test(the_nth_driver_call_fails),
		cmocka_unit_test(many_driver_calls_fail),
	};

	if (CRYPTO_set_mem_functions(ssl_get, ssl_resize, ssl_free) != 1 ||
	    xmlMemSetup(free, xml_get, xml_resize, xml_copy))
		return 1;
	json_set_alloc_funcs(json_get, free);
	memset(&torture, 0, sizeof(torture));
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, dry_run, tidy);
}
