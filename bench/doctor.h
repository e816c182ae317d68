#ifndef BENCH_DOCTOR_H
#define BENCH_DOCTOR_H

#include "bench/core/buf.h"
#include "bench/core/err.h"
#include "drivers/usb.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What stands between this machine and a run: what is plugged in, what is wrong with it, who holds it, and the command
 * that mends it. It opens no device.
 *
 * Everything is read below .root: a folder that looks like a machine is examined like one.
 */
enum finding_level {
	FINDING_GOOD,
	FINDING_NOTE,    /* worth knowing */
	FINDING_WARNING, /* works, but not well */
	FINDING_WRONG    /* does not work */
};

struct finding {
	enum finding_level level;
	int status; /* of something wrong: 75 (it can pass) or 78 (a file must change) */
	char subject[80]; /* "libnfc", "/dev/ttyUSB0", "usb-port:1-2" */
	char text[320];
	char mend[240]; /* a command, or "" */
};

struct rig;

struct doctor {
	const char *root;      /* "" is this machine */
	const char *runs;      /* where run folders go; not below .root */
	const struct rig *rig; /* NULL: no rig was named */
	char user[64];         /* who is to run keybench */
	uid_t uid;
	gid_t gids[64];
	int gid_count;
	struct finding *found;
	size_t count, cap;
	bool full; /* no memory for a finding */
};

/** @param user  a login name, or NULL for who we are. ERR_USAGE when there is none of that name */
int doctor_init(struct doctor *d, const char *root, const char *user, struct err *err);
void doctor_release(struct doctor *d);

/** Look at everything. */
void doctor_examine(struct doctor *d);
/** 0, 75 or 78 */
int doctor_status(const struct doctor *d);
void doctor_text(const struct doctor *d, bool utf8, struct buf *out);
int doctor_json(const struct doctor *d, struct buf *out, struct err *err);

/* The parts. */
void doctor_host(struct doctor *d);
void doctor_nfc(struct doctor *d);
void doctor_devices(struct doctor *d);
void doctor_can(struct doctor *d);
void doctor_rig(struct doctor *d);
void doctor_can_of_rig(struct doctor *d);

/** Does the rig's reader belong to pcscd, which then has it rightly? */
bool doctor_wants_pcscd(const struct doctor *d);

/* What they use. @mend may be NULL. */
void doctor_good(struct doctor *d, const char *subject, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void doctor_note(struct doctor *d, const char *subject, const char *mend, const char *fmt,
		 ...) __attribute__((format(printf, 4, 5)));
void doctor_warn(struct doctor *d, const char *subject, const char *mend, const char *fmt,
		 ...) __attribute__((format(printf, 4, 5)));
void doctor_wrong(struct doctor *d, int status, const char *subject, const char *mend,
		  const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/** The path below the root. */
const char *doctor_path(const struct doctor *d, const char *path, char *out, size_t size);
bool doctor_exists(const struct doctor *d, const char *path);
/** The first line, printable; false when there is none. */
bool doctor_line(const struct doctor *d, const char *path, char *out, size_t size);
/** Up to 64 KiB of a text file as a string in @out (on the heap); false when it cannot be read. */
bool doctor_file(const struct doctor *d, const char *path, struct buf *out);
/** Does a file of @folder, in any of the usual places ending in @suffix, hold a line that @match accepts? */
bool doctor_any_file(const struct doctor *d, const char *const folders[],
		     const char *suffix, bool (*match)(const char *line, const void *ctx),
		     const void *ctx);

/** A process by its name: its pid, or 0. */
pid_t doctor_process(const struct doctor *d, const char *name);
/** A process other than this one that has @path open: its pid and name, or 0. */
pid_t doctor_holder(const struct doctor *d, const char *path, char name[64]);

enum doctor_access {
	ACCESS_MISSING,
	ACCESS_DENIED,
	ACCESS_OK
};
/** May the user open it for reading and writing? @group: its group when that would help, else "" */
enum doctor_access doctor_access(const struct doctor *d, const char *path,
				 char group[64]);
/**
 * Permission and holder of a device node, with what mends them, under @subject.
 * @return true when nothing is wrong with it
 */
bool doctor_node(struct doctor *d, const char *subject, const char *what,
		 const char *path);

#endif
