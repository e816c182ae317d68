#include "bench/rig_fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const char *const rig_role_names[RIG_ROLE_COUNT + 1] = { "reader",     "card", "relay",
							 "positioner", "bus",  "sensor",
							 NULL };

/* What a wrapping driver is handed as its options: whom it stands in front of. */
struct behind {
	const void *driver, *options;
	struct fault *fault;
};

struct planted {
	bool here;
	enum rig_role role;
	bool seeded; /* the file says the seed; else it is the run's */
	struct fault_plan plan;
	struct fault
		*fault; /* in memory that workers share: a new one goes on counting */
	struct behind behind;
};

struct rig_faults {
	struct planted of[RIG_ROLE_COUNT];
	struct fault *shared;
	char log_path[DATA_PATH_MAX];
	struct reader_driver reader;
	struct card_driver card;
	struct relay_driver relay;
};

struct fault_keys {
	int role, kind, error;
	const char *call;
	int64_t at, times, seed, by_ns;
	double share;
	bool late, stays;
};

static const char *const error_names[] = { "io", "timeout", "gone", NULL };
static const int error_codes[] = { ERR_IO, ERR_TIMEOUT, ERR_GONE };

#define KEY(field) offsetof(struct fault_keys, field)
static const struct conf_item fault_items[] = {
	{ "role", CONF_CHOICE, KEY(role), NULL, "whose calls go wrong", 0, 0,
	  rig_role_names },
	{ "do", CONF_CHOICE, KEY(kind), NULL, "what becomes of them", 0, 0,
	  fault_kind_names },
	{ "call", CONF_TEXT, KEY(call), CONF_ABSENT, "only calls of this name count", 0,
	  0, NULL },
	{ "at", CONF_INT, KEY(at), "0", "this call, counted from 1; 0: none by number", 0,
	  INT32_MAX, NULL },
	{ "times", CONF_INT, KEY(times), "1", "so many calls in a row", 1, INT32_MAX,
	  NULL },
	{ "share", CONF_SHARE, KEY(share), "0 %", "of all other calls", 0, 0, NULL },
	{ "seed", CONF_INT, KEY(seed), CONF_ABSENT,
	  "of the share; the run's when it is missing", 0, INT64_MAX, NULL },
	{ "by", CONF_TIME, KEY(by_ns), "0", "how long, how far", 0, 3600 * NS_PER_S,
	  NULL },
	{ "error", CONF_CHOICE, KEY(error), "io", "which error", 0, 0, error_names },
	{ "late", CONF_BOOL, KEY(late), "no", "error: the call is made all the same", 0,
	  0, NULL },
	{ "stays", CONF_BOOL, KEY(stays), "no", "what is meant to help does not", 0, 0,
	  NULL },
	{ 0 },
};

static bool has_role(const struct rig *rig, enum rig_role role)
{
	switch (role) {
	case RIG_READER:
		return rig->reader_driver;
	case RIG_CARD:
		return rig->card_driver;
	case RIG_RELAY:
		return rig->relay_driver;
	case RIG_POSITIONER:
		return rig->positioner_driver;
	case RIG_SENSOR:
		return rig->sensor_driver;
	default:
		return rig->bus_driver;
	}
}

static int check(const struct rig *rig, const struct fault_keys *k, struct node at,
		 struct err *err)
{
	const char *role = rig_role_names[k->role], *what = fault_kind_names[k->kind];

	if (!has_role(rig, (enum rig_role)k->role))
		return node_error(at, err, "this rig has no %s", role);
	if (rig->faults && rig->faults->of[k->role].here)
		return node_error(at, err, "one fault for the %s is enough", role);
	if (!fault_applies((enum fault_kind)k->kind, role))
		return node_error(at, err, "'%s' is nothing that a %s can do", what,
				  role);
	if (!k->at && k->share <= 0)
		return node_error(at, err, "when? 'at' or 'share' is needed");
	if (!k->by_ns && (k->kind == FAULT_DELAY || k->kind == FAULT_CLOCK_STEP ||
			  (k->kind == FAULT_HANG &&
			   (k->role >= RIG_POSITIONER || rig_is_virtual(rig)))))
		return node_error(at, err, "'%s' of a %s here needs 'by'", what, role);
	if (k->kind == FAULT_ABORT && rig_is_virtual(rig))
		return node_error(at, err, "a simulated %s lives in keybench itself",
				  role);
	return 0;
}

static int make_room(struct rig *rig, struct err *err)
{
	struct rig_faults *f = rig->faults;

	if (f)
		return 0;
	f = calloc(1, sizeof(*f));
	if (!f)
		return err_set(err, ERR_NOMEM, "no memory for planted faults");
	f->shared = mmap(NULL, RIG_ROLE_COUNT * sizeof(*f->shared),
			 PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (f->shared == MAP_FAILED) {
		free(f);
		return err_set(err, ERR_NOMEM, "no memory for planted faults");
	}
	rig->faults = f;
	return 0;
}

static int plant(struct rig *rig, struct node at, struct err *err)
{
	struct fault_keys k = { 0 };
	struct planted *p;
	int rc = node_is_map(at) ? conf_bind(at, fault_items, &k, err)
				 : node_error(at, err, "a map is needed: role, do, at");

	if (!rc)
		rc = check(rig, &k, at, err);
	if (!rc)
		rc = make_room(rig, err);
	if (rc)
		return rc;
	p = &rig->faults->of[k.role];
	p->here = true;
	p->role = (enum rig_role)k.role;
	p->seeded = node_present(node_get(at, "seed"));
	p->fault = &rig->faults->shared[k.role];
	p->plan = (struct fault_plan){
		.kind = (enum fault_kind)k.kind,
		.call = k.call,
		.nth = k.at,
		.times = k.times,
		.share = k.share,
		.seed = (uint64_t)k.seed,
		.code = error_codes[k.error],
		.too_late = k.late,
		.stays = k.stays,
		.by_ns = k.by_ns,
	};
	return 0;
}

int rig_bind_faults(struct rig *rig, struct node at, struct err *err)
{
	int rc = 0;

	if (node_present(at) && !node_is_list(at))
		return node_error(at, err, "faults: a list is needed");
	for (int i = 0; !rc && i < node_count(at); i++)
		rc = plant(rig, node_item(at, i), err);
	return rc;
}

void rig_free_faults(struct rig *rig)
{
	if (!rig->faults)
		return;
	munmap(rig->faults->shared, RIG_ROLE_COUNT * sizeof(*rig->faults->shared));
	free(rig->faults);
	rig->faults = NULL;
}

bool rig_has_faults(const struct rig *rig)
{
	return rig->faults;
}

const char *rig_faults_text(const struct rig *rig, char out[200])
{
	size_t len = 0;

	out[0] = '\0';
	for (int i = 0; rig->faults && i < RIG_ROLE_COUNT; i++) {
		const struct planted *p = &rig->faults->of[i];

		if (p->here && len < 150)
			len += (size_t)snprintf(out + len, 200 - len, "%s%s: %s",
						len ? ", " : "", rig_role_names[i],
						fault_kind_names[p->plan.kind]);
	}
	return out;
}

/* In whatever process has the device. A full disk loses lines, never the fault. */
static void log_strike(struct fault *f, const char *call, int64_t at_ns)
{
	const struct rig_faults *all = f->ctx;
	int fd = open(all->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	int role = (int)(f - all->shared);

	if (fd < 0)
		return;
	dprintf(fd,
		"{\"t\":%lld,\"role\":\"%s\",\"kind\":\"%s\",\"call\":\"%s\",\"n\":%lld}"
		"\n",
		(long long)at_ns, rig_role_names[role], fault_kind_names[f->plan.kind],
		call, (long long)f->calls);
	close(fd);
}

int rig_begin_faults(struct rig *rig, const char *log_path, uint64_t seed,
		     struct err *err)
{
	if (!rig->faults)
		return 0;
	if (log_path && strlen(log_path) >= sizeof(rig->faults->log_path))
		return err_set(err, ERR_RANGE, "%.80s…: too long a path", log_path);
	snprintf(rig->faults->log_path, sizeof(rig->faults->log_path), "%s",
		 log_path ? log_path : "");
	for (int i = 0; i < RIG_ROLE_COUNT; i++) {
		struct planted *p = &rig->faults->of[i];
		struct fault_plan plan = p->plan;

		if (!p->here)
			continue;
		if (!p->seeded)
			plan.seed = seed;
		fault_init(p->fault, &plan);
		p->fault->ctx = rig->faults;
		p->fault->struck = log_path ? log_strike : NULL;
	}
	return 0;
}

/* Planted in the role, or NULL. */
static struct planted *planted(struct rig *rig, enum rig_role role)
{
	return rig->faults && rig->faults->of[role].here ? &rig->faults->of[role] : NULL;
}

static const void *stand_before(struct planted *p, const void *driver,
				const void *options)
{
	p->behind = (struct behind){ driver, options, p->fault };
	return &p->behind;
}

static int open_reader(struct reader **out, const void *options, struct clock *clock,
		       struct err *err)
{
	const struct behind *b = options;
	const struct reader_driver *d = b->driver;
	struct reader *inner;
	int rc = d->open(&inner, b->options, clock, err);

	return rc ? rc : fault_reader_open(out, inner, b->fault, err);
}

const struct reader_driver *rig_faulty_reader(struct rig *rig, const void **options)
{
	struct planted *p = planted(rig, RIG_READER);

	*options = rig->reader_options;
	if (!p)
		return rig->reader_driver;
	*options = stand_before(p, rig->reader_driver, rig->reader_options);
	rig->faults->reader = *rig->reader_driver;
	rig->faults->reader.open = open_reader;
	return &rig->faults->reader;
}

static int open_card(struct card **out, const void *options, struct clock *clock,
		     struct err *err)
{
	const struct behind *b = options;
	const struct card_driver *d = b->driver;
	struct card *inner;
	int rc = d->open(&inner, b->options, clock, err);

	return rc ? rc : fault_card_open(out, inner, b->fault, err);
}

const struct card_driver *rig_faulty_card(struct rig *rig, const void **options)
{
	struct planted *p = planted(rig, RIG_CARD);

	*options = rig->card_options;
	if (!p)
		return rig->card_driver;
	*options = stand_before(p, rig->card_driver, rig->card_options);
	rig->faults->card = *rig->card_driver;
	rig->faults->card.open = open_card;
	return &rig->faults->card;
}

static int open_relay(struct relay **out, const void *options, struct clock *clock,
		      struct err *err)
{
	const struct behind *b = options;
	const struct relay_driver *d = b->driver;
	struct relay *inner;
	int rc = d->open(&inner, b->options, clock, err);

	return rc ? rc : fault_relay_open(out, inner, b->fault, err);
}

const struct relay_driver *rig_faulty_relay(struct rig *rig, const void **options)
{
	struct planted *p = planted(rig, RIG_RELAY);

	*options = rig->relay_options;
	if (!p)
		return rig->relay_driver;
	*options = stand_before(p, rig->relay_driver, rig->relay_options);
	rig->faults->relay = *rig->relay_driver;
	rig->faults->relay.open = open_relay;
	return &rig->faults->relay;
}

int rig_faulty_simulated_reader(struct reader **out, struct reader *inner,
				struct rig *rig, struct err *err)
{
	struct planted *p = planted(rig, RIG_READER);

	*out = p ? NULL : inner; /* a wrapper that fails has closed it */
	return p ? fault_reader_open(out, inner, p->fault, err) : 0;
}

int rig_faulty_positioner(struct positioner **out, struct positioner *inner,
			  struct rig *rig, struct err *err)
{
	struct planted *p = planted(rig, RIG_POSITIONER);

	*out = p ? NULL : inner; /* a wrapper that fails has closed it */
	return p ? fault_positioner_open(out, inner, p->fault, err) : 0;
}

int rig_faulty_sensor(struct sensor **out, struct sensor *inner, struct rig *rig,
		      struct err *err)
{
	struct planted *p = planted(rig, RIG_SENSOR);

	*out = p ? NULL : inner; /* a wrapper that fails has closed it */
	return p ? fault_sensor_open(out, inner, p->fault, err) : 0;
}

int rig_faulty_bus(struct bus **out, struct bus *inner, struct rig *rig, struct err *err)
{
	struct planted *p = planted(rig, RIG_BUS);

	*out = p ? NULL : inner; /* a wrapper that fails has closed it */
	return p ? fault_bus_open(out, inner, p->fault, err) : 0;
}
