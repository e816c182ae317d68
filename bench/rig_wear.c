#include "bench/core/log.h"
#include "bench/rig_bind.h"
#include "bench/rig_fault.h"
#include "bench/wear.h"
#include "drivers/usb.h"
#include "drivers/wrap/errand.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/*
 * What wears out is counted in a file of the user's, and a home may lie on a server that hangs: so it is read and written
 * in a process that is killed when it takes too long. What becomes of that is no reason to stop a bench, but it is said.
 */
#define LIMIT_NS (2 * NS_PER_S)

struct job {
	enum {
		ADD,
		OPEN_COIL,
		CLOSE_COIL
	} what;
	char path[4200];
	const char *key;
	int64_t cycles, now_ns;
	struct shared {
		int64_t total;
		struct on_limit coil;
	} * shared; /* with that process */
};

static const char *boot_id(char out[40])
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!f || !fgets(out, 40, f))
		strcpy(out, "unknown");
	if (f)
		fclose(f);
	out[strcspn(out, "\n")] = '\0';
	return out;
}

static int run(const void *job_, struct err *err)
{
	const struct job *j = job_;
	char boot[40];

	switch (j->what) {
	case ADD:
		return wear_add(j->path, j->key, j->cycles, &j->shared->total, err);
	case OPEN_COIL:
		return wear_open_coil(j->path, j->key, boot_id(boot), &j->shared->coil,
				      j->now_ns, err);
	default:
		return wear_close_coil(j->path, j->key, boot_id(boot), &j->shared->coil,
				       err);
	}
}

/* 1: nothing is kept of this rig. */
static int keep(struct rig *rig, struct job *j, struct err *err)
{
	struct shared *s;
	int rc;

	if (!wear_path(j->path, sizeof(j->path), rig->simulated))
		return 1;
	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		 0);
	if (s == MAP_FAILED)
		return err_set(err, ERR_NOMEM, "wear");
	j->shared = s;
	j->key = rig->wears[0] ? rig->wears : rig->name;
	s->coil = rig->coil;
	rc = errand_run(rig->pump, "counting", run, j, LIMIT_NS, err);
	if (!rc && j->what == ADD)
		j->cycles = s->total;
	if (!rc && j->what == OPEN_COIL)
		rig->coil = s->coil;
	munmap(s, sizeof(*s));
	return rc;
}

/* A board or axis by its serial number, else by where it is plugged in; "" when it is not on USB. */
static void name_what_wears(struct rig *rig)
{
	char port[RIG_USB_PORT], text[RIG_USB_PORT + 16];
	struct usb_device u;

	rig->wears[0] = '\0';
	if (!rig_usb_port(rig, RIG_POSITIONER, port) &&
	    !rig_usb_port(rig, RIG_RELAY, port))
		return;
	snprintf(rig->wears, sizeof(rig->wears), "usb-port %s", port);
	snprintf(text, sizeof(text), "usb-port:%s", port);
	if (usb_find(&u, "", text, NULL) == 0 && u.serial[0])
		snprintf(rig->wears, sizeof(rig->wears), "usb %04x:%04x %s", u.vendor,
			 u.product_id, u.serial);
}

void rig_begin_wear(struct rig *rig)
{
	struct job j = { .what = OPEN_COIL, .now_ns = clock_now(rig->clock) };
	struct err err = { 0 };
	int rc;

	name_what_wears(rig);
	if (!rig->coil.window_ns)
		return;
	rc = keep(rig, &j, &err);
	rig->coil_kept = rc <= 0;
	if (rc >= 0)
		return;
	on_limit_assume_worst(&rig->coil, j.now_ns);
	log_warning("how hot the coil is, is not known: it is taken to be as hot as "
		    "it may get: %s",
		    err_text(&err));
}

void rig_take_cycles(struct rig *rig)
{
	int64_t more = rig->positioner ? rig->positioner->cycles - rig->cycles_kept : 0;

	rig->cycles_run += more;
	rig->cycles_kept += more;
	rig->cycles_owed += more;
}

int rig_count_cycles(struct rig *rig, int64_t *total, struct err *err)
{
	struct job j = { .what = ADD };
	int rc;

	*total = -1;
	rig_take_cycles(rig);
	j.cycles = rig->cycles_owed;
	rc = keep(rig, &j, err);
	if (rc < 0)
		return rc;
	rig->cycles_owed = 0;
	if (rc == 0)
		*total = j.cycles;
	return 0;
}

/* The phone is away by now. */
void rig_count_closed(struct rig *rig)
{
	struct err err = { 0 };
	int64_t total;

	rig->cycles_kept = 0;
	if (rig->cycles_owed && rig_count_cycles(rig, &total, &err))
		log_warning("cycles are not counted: %s", err_text(&err));
}

void rig_end_wear(struct rig *rig)
{
	struct job j = { .what = CLOSE_COIL };
	struct err err = { 0 };

	if (rig->coil_kept && keep(rig, &j, &err) < 0)
		log_warning("how hot the coil is, is not kept: %s", err_text(&err));
	rig->coil_kept = false;
	rig->cycles_owed = 0; /* that they are lost was said */
	memset(&rig->coil, 0, sizeof(rig->coil));
}
