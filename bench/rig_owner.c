#include "bench/rig_owner.h"

#include "fixtures/pki/pair_phone.h"

#include <stdlib.h>

/* The count of attempts, for as long as the rig is open: a bench is no vehicle that somebody attacks overnight. */
struct rig_owner {
	int count;
	struct attempt_counter counter;
	struct pair_kit *kit;
	struct owner_pairing *engine;
};

static int read_count(void *ctx, int *count)
{
	*count = ((struct rig_owner *)ctx)->count;
	return 0;
}

static int raise_count(void *ctx)
{
	((struct rig_owner *)ctx)->count++;
	return 0;
}

static int clear_count(void *ctx)
{
	((struct rig_owner *)ctx)->count = 0;
	return 0;
}

bool rig_can_pair(const struct rig *rig)
{
	return rig->has_pairing && rig->profile &&
	       pair_phone_possible(rig->profile, &rig->pairing);
}

static int make_engine(struct rig_owner *o, struct rig *rig, OSSL_LIB_CTX *lib,
		       struct err *err)
{
	struct password_verifier verifier;
	struct owner_vehicle with;
	int rc = pair_kit_new(&o->kit, rig->profile, &rig->pairing, err);

	if (rc)
		return rc;
	with = pair_kit_vehicle(o->kit, &o->counter);
	rc = owner_pairing_new(&o->engine, rig->profile, &with, rig->clock, lib, err);
	if (rc)
		return rc;
	rc = password_verifier_make(&verifier, rig->profile, rig->pairing.password,
				    rig->pairing.salt);
	if (rc == ERR_RANGE)
		return err_set(err, rc,
			       "%s: owner: the protocol %s wants a password of %lld "
			       "digits",
			       rig->pairing_path, rig->profile->name,
			       (long long)rig->profile->owner.password_digits);
	if (!rc)
		rc = owner_pairing_set_verifier(o->engine, &verifier);
	secret_wipe(&verifier, sizeof(verifier));
	return rc ? err_set(err, rc, "owner pairing: the verifier of the password") : 0;
}

int rig_owner_open(struct rig *rig, OSSL_LIB_CTX *lib, struct err *err)
{
	struct rig_owner *o;

	if (!rig_can_pair(rig))
		return 0;
	o = calloc(1, sizeof(*o));
	if (!o)
		return err_set(err, ERR_NOMEM, "owner pairing");
	o->counter = (struct attempt_counter){ read_count, raise_count, clear_count, o };
	rig->owner_side = o;
	return make_engine(o, rig, lib, err);
}

struct owner_pairing *rig_owner(const struct rig *rig)
{
	return rig->owner_side ? rig->owner_side->engine : NULL;
}

void rig_owner_close(struct rig *rig)
{
	struct rig_owner *o = rig->owner_side;

	if (!o)
		return;
	owner_pairing_free(o->engine);
	pair_kit_free(o->kit);
	free(o);
	rig->owner_side = NULL;
}
