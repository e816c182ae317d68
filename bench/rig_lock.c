#include "bench/rig_bind.h"
#include "drivers/lock.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * A rig is used by one keybench at a time: each of its devices is locked by the controller for as long as the rig is
 * open, by what the device is and not by how the rig file writes it. A bus is not: it may be opened as often as wanted.
 *
 * The lock goes with the controller, however that ends. Its workers may need another moment to drop their boards, and
 * have their lines locked until then: the next keybench waits for them.
 */
#define WORKERS_END_NS (4 * NS_PER_S)
#define LOOK_NS (20 * NS_PER_MS)

int rig_each_device(const struct rig *rig, rig_device_fn *fn, void *ctx, struct err *err)
{
	const struct {
		const char *role;
		const struct conf_item *items;
		const void *options;
	} parts[] = {
		{ "reader", rig->reader_driver ? rig->reader_driver->items : NULL,
		  rig->reader_options },
		{ "card", rig->card_driver ? rig->card_driver->items : NULL,
		  rig->card_options },
		{ "relay board", rig->relay_driver ? rig->relay_driver->items : NULL,
		  rig->relay_options },
		{ "positioner",
		  rig->positioner_driver ? rig->positioner_driver->items : NULL,
		  rig->positioner_options },
		{ "sensor", rig->sensor_driver ? rig->sensor_driver->items : NULL,
		  rig->sensor_options },
	};
	int rc = 0;

	for (size_t i = 0; !rc && i < sizeof(parts) / sizeof(parts[0]); i++)
		for (const struct conf_item *at = parts[i].items; !rc && at && at->key;
		     at++) {
			const char *device;

			if (at->type != CONF_DEVICE)
				continue;
			memcpy(&device, (const char *)parts[i].options + at->offset,
			       sizeof(device));
			if (device)
				rc = fn(ctx, parts[i].role, device, err);
		}
	return rc;
}

static int lock_one(void *ctx, const char *role, const char *device, struct err *err)
{
	struct rig *rig = ctx;
	char what[120];

	if (rig->lock_count == RIG_MAX_LOCKS)
		return err_set(err, ERR_RANGE, "more than %d devices", RIG_MAX_LOCKS);
	snprintf(what, sizeof(what), "%s %.90s", role, device);
	if (lock_take(&rig->locks[rig->lock_count], device, what, "", 0, err))
		return ERR_IO;
	rig->lock_count++;
	return 0;
}

static int say_foreign(const char *role, const char *device, pid_t pid, struct err *err)
{
	char path[64], name[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	f = fopen(path, "re");
	if (f && fgets(name, sizeof(name), f))
		name[strcspn(name, "\n")] = '\0';
	if (f)
		fclose(f);
	return err_set(err, ERR_IO, "%s %.100s is held by process %d%s%s", role, device,
		       (int)pid, name[0] ? ": " : "", name);
}

/* Workers of a keybench that was killed; or a program that is none of ours. */
static int await_free(void *ctx, const char *role, const char *device, struct err *err)
{
	struct rig *rig = ctx;
	int64_t deadline = clock_now(rig->clock) + WORKERS_END_NS;
	char real[PATH_MAX];
	pid_t pid;
	int rc = 0;

	if (!lock_node(real, device))
		return 0;
	while (!rc && (pid = lock_flock_holder(real)) > 0) {
		int64_t now = clock_now(rig->clock);

		if (now > deadline)
			return say_foreign(role, device, pid, err);
		rc = pump_sleep_until(rig->pump, now + LOOK_NS, err);
	}
	return rc;
}

int rig_lock(struct rig *rig, struct err *err)
{
	int rc;

	if (rig_is_virtual(rig))
		return 0;
	rc = rig_each_device(rig, lock_one, rig, err);
	return rc ? rc : rig_each_device(rig, await_free, rig, err);
}

void rig_unlock(struct rig *rig)
{
	while (rig->lock_count > 0)
		close(rig->locks[--rig->lock_count]);
}
