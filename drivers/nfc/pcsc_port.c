#include "drivers/nfc/pcsc_port.h"

#include "drivers/lock.h"
#include "drivers/tty.h"
#include "drivers/usb.h"

#include <ctype.h>
#include <errno.h>
#include <reader.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OPEN_NS (3 * NS_PER_S)
#define RETURN_NS \
	(2500 * NS_PER_MS) /* for a reader or pcscd that was there to come back */
#define AGAIN_NS (100 * NS_PER_MS)
#define LOCK_PATIENCE_NS (2500 * NS_PER_MS)
#define MAX_FDS 256
#define CHANNEL_USB 0x0020

static int code_of(LONG res)
{
	switch (res) {
	case SCARD_E_NO_SERVICE:
	case SCARD_E_SERVICE_STOPPED:
	case SCARD_F_COMM_ERROR:
	case SCARD_E_UNKNOWN_READER:
	case SCARD_E_READER_UNAVAILABLE:
	case SCARD_E_NO_READERS_AVAILABLE:
	case SCARD_E_INVALID_HANDLE:
		return ERR_GONE;
	case SCARD_E_TIMEOUT:
	case SCARD_E_CANCELLED:
		return ERR_TIMEOUT;
	case SCARD_E_NO_MEMORY:
		return ERR_NOMEM;
	case SCARD_E_INSUFFICIENT_BUFFER:
		return ERR_RANGE;
	case SCARD_E_UNSUPPORTED_FEATURE:
		return ERR_UNSUPPORTED;
	default:
		return ERR_IO;
	}
}

int pcsc_fail(struct pcsc *p, LONG res, const char *doing, struct err *err)
{
	if (p->aborted || p->expired)
		return err_set(err, ERR_TIMEOUT, "%s: %s", doing,
			       p->aborted ? "aborted" : "pcscd does not come back");
	if (res == SCARD_E_NO_SERVICE)
		return err_set(err, ERR_GONE,
			       "%s: pcscd is not running; sudo systemctl start "
			       "pcscd.socket",
			       doing);
	if (res == SCARD_E_SHARING_VIOLATION)
		return err_set(err, ERR_IO,
			       "%s: another program has a card in this reader (scdaemon "
			       "of "
			       "gpg, a browser, another bench)",
			       doing);
	return err_set(err, code_of(res), "%s: %s (PC/SC %08lX)", doing,
		       pcsc_stringify_error(res), (unsigned long)res & 0xffffffff);
}

/* The socket that a call of libpcsclite has just opened: it does not tell. */
static void note_sockets(bool seen[MAX_FDS])
{
	for (int fd = 0; fd < MAX_FDS; fd++) {
		int domain = 0;
		socklen_t len = sizeof(domain);

		seen[fd] = getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 &&
			   domain == AF_UNIX;
	}
}

static void on_expiry(int signal, siginfo_t *info, void *context)
{
	struct pcsc *p = info->si_value.sival_ptr;
	int saved = errno;

	(void)signal;
	(void)context;
	if (p && p->armed) {
		p->expired = 1;
		shutdown(p->socket, SHUT_RDWR);
	}
	errno = saved;
}

static int make_timer(struct pcsc *p, struct err *err)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	struct sigaction a = { .sa_sigaction = on_expiry, .sa_flags = SA_SIGINFO };

	event.sigev_value.sival_ptr = p;
	sigemptyset(&a.sa_mask);
	if (sigaction(SIGRTMIN, &a, NULL) ||
	    timer_create(CLOCK_MONOTONIC, &event, &p->timer))
		return err_set(err, ERR_IO, "timer: %s", strerror(errno));
	p->has_timer = true;
	return 0;
}

/* Over and over: a call may be between two reads of its socket. */
static void set_timer(struct pcsc *p, int64_t ns)
{
	struct itimerspec t = { { 0, ns ? 50 * NS_PER_MS : 0 },
				{ ns / NS_PER_S, ns % NS_PER_S } };

	timer_settime(p->timer, 0, &t, NULL);
}

void pcsc_hurry(struct pcsc *p, int64_t timeout_ns)
{
	p->expired = p->aborted = 0;
	p->armed = p->socket >= 0;
	set_timer(p, timeout_ns);
}

bool pcsc_calm(struct pcsc *p)
{
	set_timer(p, 0);
	p->armed = 0;
	if (!p->expired && !p->aborted)
		return false;
	p->open = p->connected = false;
	return true;
}

void pcsc_abort(struct pcsc *p)
{
	if (!p->armed)
		return;
	p->aborted = 1;
	shutdown(p->socket, SHUT_RDWR);
}

int pcsc_check_open(const struct pcsc *p, struct err *err)
{
	return p->open ? 0 : err_set(err, ERR_GONE, "there is no connection to pcscd");
}

void pcsc_disconnect(struct pcsc *p)
{
	if (p->connected)
		SCardDisconnect(p->card, SCARD_UNPOWER_CARD);
	p->connected = false;
}

static void leave(struct pcsc *p)
{
	if (p->open) {
		pcsc_hurry(p, OPEN_NS);
		pcsc_disconnect(p);
		SCardReleaseContext(p->context);
		pcsc_calm(p);
	}
	p->open = p->connected = false;
	p->socket = -1;
}

static bool is_index(const char *end)
{
	return end[0] == ' ' && isxdigit((uint8_t)end[1]) && isxdigit((uint8_t)end[2]) &&
	       end[3] == ' ' && isxdigit((uint8_t)end[4]) && isxdigit((uint8_t)end[5]) &&
	       !end[6];
}

bool pcsc_fits(const char *name, const char *wanted)
{
	size_t len = strlen(wanted);

	if (strncmp(name, wanted, len) != 0)
		return false;
	return !name[len] || is_index(name + len);
}

/* "0x0020BBDD": on USB, bus BB, device DD. Only a reader's own driver knows. */
static bool where_on_usb(struct pcsc *p, const char *name, int *bus, int *device)
{
	SCARDHANDLE card;
	DWORD protocol, len = sizeof(DWORD);
	DWORD channel = 0;
	LONG res =
		SCardConnect(p->context, name, SCARD_SHARE_DIRECT, 0, &card, &protocol);

	if (res != SCARD_S_SUCCESS)
		return false;
	res = SCardGetAttrib(card, SCARD_ATTR_CHANNEL_ID, (LPBYTE)&channel, &len);
	SCardDisconnect(card, SCARD_LEAVE_CARD);
	*bus = (int)(channel >> 8 & 0xff);
	*device = (int)(channel & 0xff);
	return res == SCARD_S_SUCCESS && len >= 4 && channel >> 16 == CHANNEL_USB;
}

static bool is_wanted(struct pcsc *p, const char *name, const struct usb_device *u)
{
	int bus, device;

	if (!u)
		return pcsc_fits(name, p->wanted);
	return where_on_usb(p, name, &bus, &device) && bus == u->bus &&
	       device == u->device;
}

/* Among what pcscd has. */
static int choose(struct pcsc *p, const char *names, const struct usb_device *u,
		  struct err *err)
{
	char all[200] = "";
	int fit = 0;

	for (const char *name = names; *name; name += strlen(name) + 1) {
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s'%s'",
			 *all ? ", " : "", name);
		if (strlen(name) >= sizeof(p->name) || !is_wanted(p, name, u))
			continue;
		if (!fit++ || strcmp(name, p->wanted) == 0)
			strcpy(p->name, name);
	}
	if (fit == 1 || (fit && strcmp(p->name, p->wanted) == 0))
		return 0;
	if (fit)
		return err_set(
			err, ERR_USAGE,
			"several readers fit; pcscd has %s: name one of them whole", all);
	return err_set(err, ERR_GONE, "pcscd has no such reader; it has %s",
		       *all ? all : "none at all");
}

/* One that libnfc has is none that pcscd can have. */
static int say_holder(const struct usb_device *u, int rc, struct err *err)
{
	struct lock_holder h;
	char node[64];

	snprintf(node, sizeof(node), "/dev/bus/usb/%03d/%03d", u->bus, u->device);
	if (!lock_held(&h, node, "open"))
		return rc;
	return err_set(err, ERR_IO,
		       "pcscd does not have it: held by process %d since %s: %.110s",
		       (int)h.pid, h.since, h.command);
}

static int find_reader(struct pcsc *p, struct err *err)
{
	const bool by_usb = usb_is_name(p->wanted);
	struct usb_device u;
	char *names = NULL;
	DWORD len = SCARD_AUTOALLOCATE;
	LONG res;
	int rc = by_usb ? usb_find(&u, "", p->wanted, err) : 0;

	if (rc)
		return rc;
	res = SCardListReaders(p->context, NULL, (LPSTR)&names, &len);
	if (res != SCARD_S_SUCCESS && res != SCARD_E_NO_READERS_AVAILABLE)
		return pcsc_fail(p, res, "asking pcscd for its readers", err);
	rc = choose(p, names ? names : "", by_usb ? &u : NULL, err);
	if (names)
		SCardFreeMemory(p->context, names);
	return rc == ERR_GONE && by_usb ? say_holder(&u, rc, err) : rc;
}

/* What is behind it, as far as its driver tells; a real one is locked against our libnfc driver. A busy one does not
 * tell: then what it told before stands. */
static int take_reader(struct pcsc *p, struct err *err)
{
	char node[64];
	int bus, device;

	if (!where_on_usb(p, p->name, &bus, &device))
		return 0;
	p->simulated = usb_bus_is_simulated(bus);
	if (p->lock_fd >= 0)
		return 0;
	snprintf(node, sizeof(node), "/dev/bus/usb/%03d/%03d", bus, device);
	return lock_take(&p->lock_fd, node, p->name, "open", LOCK_PATIENCE_NS, err);
}

static int establish(struct pcsc *p, struct err *err)
{
	bool before[MAX_FDS], after[MAX_FDS];
	LONG res;

	note_sockets(before);
	res = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &p->context);
	if (res != SCARD_S_SUCCESS)
		return pcsc_fail(p, res, "talking to pcscd", err);
	note_sockets(after);
	p->socket = -1;
	for (int fd = 0; fd < MAX_FDS; fd++)
		if (after[fd] && !before[fd])
			p->socket = fd;
	p->open = true;
	if (p->socket < 0)
		return err_set(err, ERR_UNSUPPORTED,
			       "this libpcsclite hides its socket: its calls could not "
			       "be ended");
	return 0;
}

static int open_once(struct pcsc *p, struct err *err)
{
	int rc;

	p->expired = p->aborted = 0;
	rc = establish(p, err);
	if (!rc) {
		pcsc_hurry(p, OPEN_NS);
		rc = find_reader(p, err);
		if (!rc)
			rc = take_reader(p, err);
		if (pcsc_calm(p) && !rc)
			rc = err_set(err, ERR_TIMEOUT, "pcscd does not come back");
	}
	if (rc)
		leave(p);
	return rc;
}

int pcsc_reopen(struct pcsc *p, struct err *err)
{
	int64_t deadline = clock_now(p->clock) + (p->was_open ? RETURN_NS : 0);
	int rc;

	leave(p);
	while ((rc = open_once(p, err)) == ERR_GONE && clock_now(p->clock) < deadline)
		p->clock->sleep_until(p->clock, clock_now(p->clock) + AGAIN_NS);
	if (rc)
		return err_wrap(err, rc, "reader %.100s", p->wanted);
	p->was_open = true;
	return 0;
}

int pcsc_open(struct pcsc *p, const char *wanted, struct clock *clock, struct err *err)
{
	int rc;

	p->clock = clock;
	p->lock_fd = p->socket = -1;
	p->simulated = true; /* until it proves to be real */
	if (strlen(wanted) >= sizeof(p->wanted))
		return err_set(err, ERR_RANGE, "device: more than %zu characters",
			       sizeof(p->wanted) - 1);
	strcpy(p->wanted, wanted);
	/* a reader that somebody has is refused, not waited for */
	setenv("PCSCLITE_NO_BLOCKING", "1", 1);
	rc = make_timer(p, err);
	if (!rc)
		rc = pcsc_reopen(p, err);
	if (rc)
		pcsc_release(p);
	return rc;
}

void pcsc_release(struct pcsc *p)
{
	leave(p);
	if (p->lock_fd >= 0)
		close(p->lock_fd);
	p->lock_fd = -1;
	if (p->has_timer)
		timer_delete(p->timer);
	p->has_timer = false;
}
