#include "tools/perf/perf.h"

#include "bench/core/pump.h"
#include "drivers/reader.h"
#include "drivers/wrap/worker.h"
#include "drivers/wrap/worker_wire.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#if WITH_LIBNFC
#include <nfc/nfc.h>

/*
 * The same commands to the same chip, which answers with what it was asked and takes no time: through libnfc
 * alone, through the reader role in its worker, and the bare round trip between two processes that a worker
 * cannot do without. In turns, so that what else the machine does falls on all three.
 */
#define ROUNDS 10
#define EXCHANGES 300 /* of each kind, a round */
#define CARD_LIMIT_NS (2 * NS_PER_S)

struct bench {
	const struct perf *perf;
	char device[64]; /* of the chip */
	struct pump *pump;
	struct bytes command;
	struct series bare, whole, inside, pipe;
};

static int64_t now(void)
{
	return clock_now(clock_real());
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
		rc = series_add(&b->bare, now() - from, err);
	}
	return rc;
}

static int through_libnfc(struct bench *b, int count, struct err *err)
{
	nfc_context *context = NULL;
	nfc_device *device = NULL;
	char connstring[NFC_BUFSIZE_CONNSTRING];
	int rc;

	snprintf(connstring, sizeof(connstring), "pn532_uart:%s:115200", b->device);
	nfc_init(&context);
	if (context)
		device = nfc_open(context, connstring);
	rc = device ? bare_loop(b, device, count, err)
		    : err_set(err, ERR_IO, "libnfc cannot open %s", b->device);
	if (device)
		nfc_close(device);
	if (context)
		nfc_exit(context);
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
		int64_t from = now();

		buf_clear(&answer);
		rc = reader_exchange(r, &x, err);
		if (!rc)
			rc = series_add(&b->whole, now() - from, err);
		if (!rc && (x.result != READER_OK || answer.len != b->command.len))
			rc = err_set(err, ERR_IO, "the echo did not come back");
		if (!rc)
			rc = series_add(&b->inside, x.answered_ns - x.sent_ns, err);
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

/* The other end: whatever comes in goes out again. */
static void echo(int fd)
{
	uint8_t room[2048];
	ssize_t n;

	while ((n = recv(fd, room, sizeof(room), 0)) > 0)
		if (send(fd, room, (size_t)n, 0) != n)
			break;
	_exit(0);
}

static int round_trips(struct bench *b, int fd, size_t len, int count, struct err *err)
{
	uint8_t out[sizeof(struct worker_message)] = { 0 }, in[sizeof(out)];
	int rc = 0;

	for (int i = 0; !rc && i < count; i++) {
		int64_t from = now();

		if (send(fd, out, len, 0) != (ssize_t)len ||
		    recv(fd, in, sizeof(in), 0) != (ssize_t)len)
			return err_set(err, ERR_IO, "socket pair: %s", strerror(errno));
		rc = series_add(&b->pipe, now() - from, err);
	}
	return rc;
}

/* Messages as long as those that an exchange takes. */
static int through_pair(struct bench *b, int count, struct err *err)
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
		echo(ends[1]);
	}
	close(ends[1]);
	rc = pid < 0 ? err_set(err, ERR_IO, "fork: %s", strerror(errno))
		     : round_trips(b, ends[0], worker_message_size(&m), count, err);
	close(ends[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return rc;
}

static void tell(struct bench *b)
{
	double bare = (double)series_quantile(&b->bare, 0.5);
	double whole = (double)series_quantile(&b->whole, 0.5);
	double inside = (double)series_quantile(&b->inside, 0.5);
	double pipe = (double)series_quantile(&b->pipe, 0.5);
	struct row *r =
		table_row(b->perf->table, "%zu-byte exchange: added by the reader role",
			  b->command.len);
	char time[24];

	row_time(r->measured, sizeof(r->measured), whole - bare);
	row_time(time, sizeof(time), pipe);
	snprintf(r->reference, sizeof(r->reference), "%s SEQPACKET round trip", time);
	row_ratio(r, (whole - bare) / pipe, 1.25);

	r = table_row(b->perf->table, "%zu-byte exchange: sent to answered",
		      b->command.len);
	row_time(r->measured, sizeof(r->measured), inside);
	row_time(time, sizeof(time), bare);
	snprintf(r->reference, sizeof(r->reference), "%s bare libnfc", time);
	row_ratio(r, inside / bare, 0);
	snprintf(r->aim, sizeof(r->aim), "<= +10 us");
	r->missed = inside > bare + 10 * (double)NS_PER_US;
}

static int measure(struct bench *b, size_t len, struct err *err)
{
	int count = perf_count(b->perf, EXCHANGES), rc = 0;
	uint8_t command[240];

	for (size_t i = 0; i < len; i++)
		command[i] = (uint8_t)(i * 7);
	b->command = BYTES(command, len);
	for (int i = 0; !rc && i < ROUNDS; i++) {
		rc = through_libnfc(b, count, err);
		if (!rc)
			rc = through_role(b, count, err);
		if (!rc)
			rc = through_pair(b, count, err);
	}
	if (!rc)
		tell(b);
	series_free(&b->bare);
	series_free(&b->whole);
	series_free(&b->inside);
	series_free(&b->pipe);
	return rc;
}

int perf_link(struct perf *p, struct err *err)
{
	struct bench b = { .perf = p };
	pid_t desk = -1;
	int rc = pump_new(&b.pump, err);

	if (rc)
		return rc;
	setenv("LIBNFC_LOG_LEVEL", "0", 1);
	setenv("LIBNFC_AUTO_SCAN", "false", 1);
	rc = start_desk(&b, &desk, err);
	if (!rc)
		rc = measure(&b, 16, err);
	if (!rc)
		rc = measure(&b, 240, err);
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
