#include "tools/perf/pair.h"

#include "bench/core/pump.h"
#include "drivers/reader.h"
#include "drivers/wrap/worker.h"
#include "drivers/wrap/worker_wire.h"
#include "results/stats.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#if WITH_LIBNFC
#include <nfc/nfc.h>

/*
 * The same commands to the same chip, which answers with what it was asked and takes no
 * time: through libnfc alone, through the reader role in its worker, and the bare round
 * trip between two processes that a worker cannot do without. In short turns, so that
 * what else the machine does falls on all of them. A row tells one turn, the middle one
 * by what its aim is about: its times belong to each other.
 */
#define ROUNDS 21     /* odd: there is a turn in the middle */
#define EXCHANGES 200 /* of each kind, a round */
#define CARD_LIMIT_NS (2 * NS_PER_S)

enum kind {
	BARE,   /* libnfc alone */
	INSIDE, /* libnfc in the worker, by its stamps */
	ADDED,  /* the rest of an exchange through the role */
	PIPE,   /* a bare round trip; the far end sleeps as long as libnfc takes */
	CALL,   /* … calls libnfc */
	AWAKE,  /* … answers at once */
	KINDS
};

struct bench {
	const struct perf *perf;
	char device[64]; /* of the chip */
	struct pump *pump;
	struct bytes command;
	struct series turn[KINDS];
	int64_t medians[KINDS][ROUNDS];
};

static int64_t now(void)
{
	return clock_now(clock_real());
}

/*
 * The chip on a processor of its own, all of ours on another: where the scheduler puts a
 * process is worth more than what is measured here (a round trip between two processors
 * takes four times one on the same).
 */
static void pin(pid_t pid, int which)
{
	cpu_set_t all, one;

	CPU_ZERO(&all);
	CPU_ZERO(&one);
	sched_getaffinity(0, sizeof(all), &all);
	if (CPU_COUNT(&all) < 2)
		return;
	for (int i = 0, seen = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &all) && seen++ == which)
			CPU_SET(i, &one);
	sched_setaffinity(pid, sizeof(one), &one);
}

static int start_desk(struct bench *b, pid_t *pid, struct err *err)
{
	static const char rig[] = "rig: perf-link\nprotocol: dk-ccc-1.0\nphone: example\n"
				  "pairing: bench\nemulate:\n"
				  "  reader0: {chip: pn532, instant: yes}\n"
				  "  phone: {echo: yes}\n";
	char path[128], line[160] = "";
	const char *argv[] = { "keybench-emu", "--rig", path, "--present", NULL };
	int fd, rc = perf_file(b->perf, "link.yaml", rig, path, err);
	ssize_t n;

	if (!rc)
		rc = perf_start(pid, &fd, argv, err);
	if (rc)
		return rc;
	n = read(fd, line, sizeof(line) - 1);
	close(fd);
	if (n <= 0 || sscanf(line, "emu:reader0 %63s", b->device) != 1)
		return err_set(err, ERR_IO, "the emulated desk did not start");
	return 0;
}

static int bare_select(nfc_device *d, struct err *err)
{
	static const nfc_modulation type_a = { NMT_ISO14443A, NBR_106 };
	int64_t deadline = now() + CARD_LIMIT_NS;
	nfc_target target;

	if (nfc_initiator_init(d) < 0 ||
	    nfc_device_set_property_bool(d, NP_INFINITE_SELECT, false) < 0)
		return err_set(err, ERR_IO, "libnfc: %s", nfc_strerror(d));
	while (now() < deadline)
		if (nfc_initiator_select_passive_target(d, type_a, NULL, 0, &target) > 0)
			return 0;
	return err_set(err, ERR_IO, "libnfc finds no card");
}

static int bare_loop(struct bench *b, nfc_device *d, int count, struct err *err)
{
	uint8_t answer[264];
	int rc = bare_select(d, err);

	for (int i = 0; !rc && i < count; i++) {
		int64_t from = now();
		int n = nfc_initiator_transceive_bytes(d, b->command.data, b->command.len,
						       answer, sizeof(answer), 2000);

		if (n != (int)b->command.len)
			return err_set(err, ERR_IO, "libnfc: %s", nfc_strerror(d));
		rc = series_add(&b->turn[BARE], now() - from, err);
	}
	return rc;
}

static nfc_device *open_bare(const struct bench *b, nfc_context **context)
{
	char connstring[NFC_BUFSIZE_CONNSTRING];

	snprintf(connstring, sizeof(connstring), "pn532_uart:%s:115200", b->device);
	nfc_init(context);
	return *context ? nfc_open(*context, connstring) : NULL;
}

static void close_bare(nfc_context *context, nfc_device *device)
{
	if (device)
		nfc_close(device);
	if (context)
		nfc_exit(context);
}

static int through_libnfc(struct bench *b, int count, struct err *err)
{
	nfc_context *context = NULL;
	nfc_device *device = open_bare(b, &context);
	int rc = device ? bare_loop(b, device, count, err)
			: err_set(err, ERR_IO, "libnfc cannot open %s", b->device);

	close_bare(context, device);
	return rc;
}

static int role_loop(struct bench *b, struct reader *r, int count, struct err *err)
{
	struct reader_activation a = { .timeout_ns = CARD_LIMIT_NS };
	uint8_t room[300];
	struct buf answer = BUF_ON(room);
	int rc = reader_set_field(r, true, err);

	if (!rc)
		rc = reader_activate(r, &a, err);
	if (!rc && a.result != READER_OK)
		rc = err_set(err, ERR_IO, "the reader finds no card");
	for (int i = 0; !rc && i < count; i++) {
		struct reader_exchange x = { .command = b->command,
					     .answer = &answer,
					     .timeout_ns = 2 * NS_PER_S };
		int64_t from = now(), inside;

		buf_clear(&answer);
		rc = reader_exchange(r, &x, err);
		inside = x.answered_ns - x.sent_ns;
		if (!rc)
			rc = series_add(&b->turn[ADDED], now() - from - inside, err);
		if (!rc && (x.result != READER_OK || answer.len != b->command.len))
			rc = err_set(err, ERR_IO, "the echo did not come back");
		if (!rc)
			rc = series_add(&b->turn[INSIDE], inside, err);
	}
	return rc;
}

static int bind_options(void **out, const struct reader_driver *driver,
			const char *device, struct conf **conf, struct err *err)
{
	char text[128];
	int rc;

	snprintf(text, sizeof(text), "{device: '%s', paced: no}", device);
	rc = conf_parse(conf, "perf", BYTES((const uint8_t *)text, strlen(text)), err);
	if (rc)
		return rc;
	*out = calloc(1, driver->options_size);
	if (!*out)
		return err_set(err, ERR_NOMEM, "no memory");
	return conf_bind(conf_root(*conf), driver->items, *out, err);
}

static int through_role(struct bench *b, int count, struct err *err)
{
	const struct reader_driver *driver = reader_driver_find("libnfc");
	struct conf *conf = NULL;
	struct reader *r = NULL;
	void *driver_options = NULL;
	int rc = bind_options(&driver_options, driver, b->device, &conf, err);

	if (!rc)
		rc = worker_open_reader(&r, driver, driver_options, b->pump, clock_real(),
					err);
	if (!rc)
		rc = role_loop(b, r, count, err);
	reader_close(r);
	free(driver_options);
	conf_free(conf);
	return rc;
}

/*
 * The other end of the bare pair: whatever comes in goes out again, after something that
 * is not counted. A sleep as long as libnfc's, for without it both processes stay awake,
 * and no exchange has a round trip of that kind; or the same call of libnfc, which leaves
 * the caches as an exchange finds them: the leanest worker there can be.
 */
struct far_end {
	int64_t wait_ns;
	bool calls;
};

static void pass_time(const struct bench *b, const struct far_end *far, nfc_device *d)
{
	const struct timespec wait = { 0, far->wait_ns };
	uint8_t answer[264];

	if (d)
		nfc_initiator_transceive_bytes(d, b->command.data, b->command.len, answer,
					       sizeof(answer), 2000);
	else if (far->wait_ns)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &wait, NULL);
}

static void echo(const struct bench *b, const struct far_end *far, int fd)
{
	nfc_context *context = NULL;
	nfc_device *d = far->calls ? open_bare(b, &context) : NULL;
	uint8_t room[2048];
	ssize_t n;

	prctl(PR_SET_TIMERSLACK, 1UL);
	if (far->calls && (!d || bare_select(d, NULL)))
		_exit(1);
	while ((n = recv(fd, room, sizeof(room), 0)) > 0) {
		int64_t from = now(), waited;

		pass_time(b, far, d);
		waited = now() - from;
		memcpy(room, &waited, sizeof(waited));
		if (send(fd, room, (size_t)n, 0) != n)
			break;
	}
	close_bare(context, d);
	_exit(0);
}

/* Messages as long as those that an exchange takes. */
static int through_pair(struct bench *b, struct series *out, struct far_end far,
			int count, struct err *err)
{
	struct reader_exchange x = { .command = b->command, .timeout_ns = NS_PER_S };
	struct worker_message m;
	int ends[2], rc;
	pid_t pid;

	worker_message_init(&m, WORKER_EXCHANGE, 1);
	worker_put_exchange(&m, &x);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return err_set(err, ERR_IO, "socket pair: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		echo(b, &far, ends[1]);
	}
	close(ends[1]);
	rc = pid < 0 ? err_set(err, ERR_IO, "fork: %s", strerror(errno))
		     : pair_round_trips(out, ends[0], worker_message_size(&m), count,
					err);
	close(ends[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return rc;
}

static void tell(struct bench *b, const char *what, enum kind kind, enum kind reference,
		 const char *name, bool by_difference)
{
	const int64_t *measured = b->medians[kind], *other = b->medians[reference];
	int turn = pair_middle(measured, other, ROUNDS, by_difference);
	struct row *r = table_row(b->perf->table, "%s", what);
	char time[24];

	row_time(r->measured, sizeof(r->measured), (double)measured[turn]);
	row_time(time, sizeof(time), (double)other[turn]);
	snprintf(r->reference, sizeof(r->reference), "%s %s", time, name);
	row_ratio(r, (double)measured[turn] / (double)other[turn],
		  kind == ADDED && reference == PIPE ? 1.25 : 0);
	if (by_difference) {
		double more = (double)(measured[turn] - other[turn]);

		snprintf(r->aim, sizeof(r->aim), "<= +10 us (%+.1f us)", more / 1e3);
		r->missed = more > 10 * (double)NS_PER_US;
	}
}

static void tell_all(struct bench *b)
{
	char what[64];

	snprintf(what, sizeof(what), "%zu-byte exchange: added by the reader role",
		 b->command.len);
	tell(b, what, ADDED, PIPE, "SEQPACKET round trip", false);
	tell(b, "  the same against one around the same call", ADDED, CALL,
	     "libnfc called in it", false);
	tell(b, "  the same against one without a wait in it", ADDED, AWAKE,
	     "both processes awake", false);
	snprintf(what, sizeof(what), "%zu-byte exchange: sent to answered",
		 b->command.len);
	tell(b, what, INSIDE, BARE, "bare libnfc", true);
}

static int take_turn(struct bench *b, int count, struct err *err)
{
	struct far_end sleeps = { 0 }, calls = { .calls = true }, awake = { 0 };
	int rc = through_libnfc(b, count, err);

	sleeps.wait_ns = series_quantile(&b->turn[BARE], 0.5);
	if (!rc)
		rc = through_role(b, count, err);
	if (!rc)
		rc = through_pair(b, &b->turn[PIPE], sleeps, count, err);
	if (!rc)
		rc = through_pair(b, &b->turn[CALL], calls, count, err);
	if (!rc)
		rc = through_pair(b, &b->turn[AWAKE], awake, count, err);
	return rc;
}

static int measure(struct bench *b, size_t len, struct err *err)
{
	int count = perf_count(b->perf, EXCHANGES), rc = 0;
	uint8_t command[240];

	for (size_t i = 0; i < len; i++)
		command[i] = (uint8_t)(i * 7);
	b->command = BYTES(command, len);
	for (int i = 0; !rc && i < ROUNDS; i++) {
		rc = take_turn(b, count, err);
		for (int k = 0; k < KINDS; k++) {
			b->medians[k][i] = series_quantile(&b->turn[k], 0.5);
			b->turn[k].n = 0;
		}
	}
	if (!rc)
		tell_all(b);
	for (int k = 0; k < KINDS; k++)
		series_free(&b->turn[k]);
	return rc;
}

int perf_link(struct perf *p, struct err *err)
{
	struct bench b = { .perf = p };
	cpu_set_t before;
	pid_t desk = -1;
	int rc = pump_new(&b.pump, err);

	if (rc)
		return rc;
	setenv("LIBNFC_LOG_LEVEL", "0", 1);
	setenv("LIBNFC_AUTO_SCAN", "false", 1);
	rc = start_desk(&b, &desk, err);
	sched_getaffinity(0, sizeof(before), &before);
	if (desk > 0)
		pin(desk, 1);
	pin(0, 0);
	if (!rc)
		rc = measure(&b, 16, err);
	if (!rc)
		rc = measure(&b, 240, err);
	sched_setaffinity(0, sizeof(before), &before);
	if (desk > 0) {
		kill(desk, SIGTERM);
		waitpid(desk, NULL, 0);
	}
	pump_free(b.pump);
	return rc;
}
#else
int perf_link(struct perf *p, struct err *err)
{
	(void)p;
	return err_set(err, ERR_UNSUPPORTED, "built without libnfc");
}
#endif
