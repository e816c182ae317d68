#include "tools/emu/phone.h"

#include "bench/core/data.h"
#include "fixtures/device/phone.h"
#include "fixtures/device/wake.h"
#include "fixtures/pki/pair_phone.h"

#include <stdlib.h>
#include <string.h>

struct emu_phone {
	struct applet applet; /* first: peers are cast back */
	struct rng rng;
	bool echo;
	struct phone *phone;
	struct profile *profile;
	struct pairing pairing;
	struct device *device;
	struct pair_phone whole; /* with that device */
	enum device_command last;
	struct world *
		world; /* what time it is; NULL until emu_phone_in: then it is always awake */
	struct bytes vehicle; /* the one it has a key for */
	struct wake wake;
};

static void reset(struct peer *peer)
{
	struct emu_phone *p = (struct emu_phone *)peer;

	handset_reset(&p->whole.handset);
}

static int answer(struct peer *peer, struct bytes command, struct buf *out,
		  int64_t *think_ns)
{
	struct emu_phone *p = (struct emu_phone *)peer;

	if (p->echo) {
		buf_add(out, command);
		*think_ns = 0;
		return 0;
	}
	p->last = handset_answer(&p->whole.handset, command, out);
	*think_ns = phone_draw(p->phone, p->last, &p->rng);
	return 0;
}

static const char *last(struct peer *peer)
{
	return device_command_name(((struct emu_phone *)peer)->last);
}

static bool polled(struct applet *a)
{
	struct emu_phone *p = (struct emu_phone *)a;

	return !p->world || wake_polled(&p->wake, world_now(p->world));
}

static void annotated(struct applet *a, struct bytes frame)
{
	struct emu_phone *p = (struct emu_phone *)a;
	enum wake_heard what;

	if (!p->world)
		return;
	what = wake_annotated(&p->wake, frame, world_now(p->world));
	truth_say(world_truth(p->world), world_now(p->world), "annotated",
		  "s:heard x:frame", wake_heard_name(what), frame);
}

static int load(struct emu_phone *p, const struct emu_rig *rig, struct err *err)
{
	char path[DATA_PATH_MAX];
	int rc = data_find(path, rig->phone, "fixtures/profiles/phone", rig->path, err);

	if (!rc)
		rc = phone_load(&p->phone, path, err);
	if (!rc)
		rc = data_find(path, rig->protocol, "fixtures/profiles/protocol",
			       rig->path, err);
	if (!rc)
		rc = profile_load(&p->profile, path, err);
	if (!rc)
		rc = data_find(path, rig->pairing, "fixtures/pairings", rig->path, err);
	if (!rc)
		rc = pairing_load(&p->pairing, path, err);
	if (!rc)
		rc = phone_device(&p->device, p->phone, p->profile, path, NULL, err);
	return rc ? rc
		  : pair_phone_init(&p->whole, p->device, p->profile, &p->pairing,
				    clock_real(), NULL, err);
}

int emu_phone_new(struct emu_phone **out, const struct emu_rig *rig, uint64_t seed,
		  struct err *err)
{
	struct emu_phone *p = calloc(1, sizeof(*p));
	int rc;

	if (!p)
		return err_set(err, ERR_NOMEM, "no memory");
	rng_init(&p->rng, seed, "phone.delay");
	p->applet.peer.reset = reset;
	p->applet.peer.answer = answer;
	p->applet.last = last;
	p->applet.polled = polled;
	p->applet.annotated = annotated;
	p->last = DEVICE_OTHER;
	p->echo = rig->echo;
	rc = load(p, rig, err);
	if (rc) {
		emu_phone_free(p);
		return rc;
	}
	p->vehicle = BYTES(p->pairing.vehicle_id, p->pairing.vehicle_id_len);
	wake_init(&p->wake, p->phone, p->profile, &p->vehicle, 1);
	*out = p;
	return 0;
}

void emu_phone_free(struct emu_phone *p)
{
	if (!p)
		return;
	pair_phone_release(&p->whole);
	device_free(p->device);
	profile_free(p->profile);
	phone_free(p->phone);
	pairing_wipe(&p->pairing);
	free(p);
}

void emu_phone_traits(const struct emu_phone *p, struct card_traits *t)
{
	const struct phone *f = p->phone;

	*t = (struct card_traits){ .sak = f->sak,
				   .random_uid = f->random_uid,
				   .uid_len = f->uid_len,
				   .fsc = isodep_frame_size((unsigned)f->fsci),
				   .fwt_ns = airtime_fwt_ns((unsigned)f->fwi),
				   .max_d = (int)f->max_rate_d,
				   .wtx_after = f->wtx_after };
	memcpy(t->atqa, f->atqa, sizeof(t->atqa));
	memcpy(t->uid, f->uid, sizeof(t->uid));
	t->ats_len = phone_ats(f, t->ats);
}

void emu_phone_in(struct emu_phone *p, struct world *w)
{
	p->world = w;
}

struct applet *emu_phone_applet(struct emu_phone *p)
{
	return &p->applet;
}
