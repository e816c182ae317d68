/* keybench-ca verify: what device, vehicle and owner say of a chain. */
#include "bench/core/verdict.h"
#include "fixtures/pki/pem.h"
#include "tools/ca/ca.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_FILES 3

enum as {
	AS_DEVICE,
	AS_VEHICLE,
	AS_OWNER,
	AS_RECEIPT, /* who must trust a receipt */
	AS_SENDER   /* who sends what the automaker alone may read */
};
static const char *const as_names[] = { "device", "vehicle", "owner", "receipt",
					"sender" };
#define AS_COUNT 5

struct args {
	const char *root, *profile;
	int as; /* -1: not said yet */
	const char *files[MAX_FILES];
	int file_count;
	uint8_t vehicle_id[CERT_MAX_VEHICLE_ID];
	size_t vehicle_id_len;
	bool no_clock, at;
	int64_t now_s;
};

enum {
	KEY_NO_CLOCK = 0x100
};
static const struct argp_option options[] = {
	{ "as", 'a', "WHO", 0, "device, vehicle, owner, receipt or sender", 0 },
	{ "root", 'r', "ROOT", 0,
	  "The automaker's root: a certificate, of which the key alone is taken, or its "
	  "point in hex",
	  0 },
	{ "vehicle-id", 'v', "HEX", 0, "The vehicle that it must be for (default: any)",
	  0 },
	{ "at", 't', "TIME", 0, "At this time, 20301231235959Z (default: now)", 0 },
	{ "no-clock", KEY_NO_CLOCK, NULL, 0, "Without a clock: validity is not asked",
	  0 },
	{ "profile", 'p', "PROFILE", 0, "Protocol profile (default dk-ccc-1.0)", 0 },
	{ 0 },
};

static void take_as(struct args *a, const char *arg, struct argp_state *state)
{
	for (int i = 0; i < AS_COUNT; i++)
		if (strcmp(as_names[i], arg) == 0)
			a->as = i;
	if (a->as < 0)
		argp_error(state,
			   "--as: '%s' is none of device, vehicle, owner, receipt, "
			   "sender",
			   arg);
}

static void check_args(const struct args *a, struct argp_state *state)
{
	if (a->as < 0 || !a->root)
		argp_error(state, "--as and --root are needed");
	if (a->as == AS_DEVICE && (a->file_count < 1 || a->file_count > 2))
		argp_error(state, "a device is given [INTERMEDIATE] VEHICLE");
	if ((a->as == AS_RECEIPT || a->as == AS_SENDER) && a->file_count != 1)
		argp_error(state, "a server has one certificate");
	if ((a->as == AS_VEHICLE || a->as == AS_OWNER) && a->file_count != 3)
		argp_error(state, "who checks a key is given EXTERNAL-CA INSTANCE-CA "
				  "ENDPOINT");
	if (a->at && a->no_clock)
		argp_error(state, "--at and --no-clock: which?");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'a':
		take_as(a, arg, state);
		return 0;
	case 'r':
		a->root = arg;
		return 0;
	case 'v':
		a->vehicle_id_len = ca_hex(state, "--vehicle-id", arg, a->vehicle_id,
					   sizeof(a->vehicle_id));
		return 0;
	case 't':
		a->at = true;
		a->now_s = ca_time(state, "--at", arg);
		return 0;
	case KEY_NO_CLOCK:
		a->no_clock = true;
		return 0;
	case 'p':
		a->profile = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (a->file_count == MAX_FILES)
			argp_error(state, "'%s' is one too many", arg);
		a->files[a->file_count++] = arg;
		return 0;
	case ARGP_KEY_END:
		check_args(a, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[INTERMEDIATE] VEHICLE\nEXTERNAL-CA INSTANCE-CA ENDPOINT\nSERVER",
	.doc = "Check a chain as the reference device, vehicle or owner's device does, "
	       "and say why it is refused.\v"
	       "Exit status: 0 accepted, 1 refused, 64 wrong use, 78 the root or the "
	       "profile is unusable.",
};

/* The anchor: a point in hex, or what a certificate certifies. */
static int load_root(uint8_t pk[65], const struct args *a, const struct profile *p,
		     struct err *err)
{
	uint8_t mem[PEM_MAX_FILE];
	struct buf der = BUF_ON(mem);
	enum cert_reason reason;
	struct cert c;
	int rc;

	if (hex_parse(a->root, pk, 65) == 65)
		return 0;
	rc = pem_load_cert(&der, a->root, err);
	if (rc)
		return rc;
	rc = cert_parse(&c, p, buf_bytes(&der), &reason);
	if (rc)
		return err_set(err, rc, "%s: %s", a->root, err_name(rc));
	if (reason)
		return err_set(err, ERR_FORMAT, "%s: %s", a->root,
			       cert_reason_text(reason));
	memcpy(pk, c.pk, sizeof(c.pk));
	return 0;
}

static int check(struct cert_finding *f, const struct args *a,
		 const struct cert_against *against, const struct bytes der[MAX_FILES])
{
	const struct cert_chain chain = { der[0], der[1], der[2] };

	switch (a->as) {
	case AS_VEHICLE:
		return cert_check_owner(f, against, &chain);
	case AS_OWNER:
		return cert_check_friend(f, against, &chain);
	case AS_RECEIPT:
		return cert_check_server(f, against, CERT_SIGNATURE, der[0]);
	case AS_SENDER:
		return cert_check_server(f, against, CERT_ENCRYPTION, der[0]);
	default:
		if (a->file_count == 1)
			return cert_check_vehicle(f, against, BYTES(NULL, 0), der[0]);
		return cert_check_vehicle(f, against, der[0], der[1]);
	}
}

static int say(const struct cert_finding *f)
{
	char text[CERT_FINDING_TEXT], hex[2 * CERT_KEY_ID + 1];

	if (f->reason) {
		printf("refused: %s: %s\n", cert_reason_name(f->reason),
		       cert_finding_text(f, text));
		return EXIT_FAILED;
	}
	printf("accepted: key %s\n", hex_of(BYTES_OF(f->key_id), hex, sizeof(hex)));
	return EXIT_PASSED;
}

static int run(const struct args *a, const struct profile *p, struct cert_finding *f,
	       struct err *err)
{
	const int64_t now = a->at ? a->now_s : (int64_t)time(NULL);
	struct cert_against against = {
		.profile = p,
		.vehicle_id = BYTES(a->vehicle_id, a->vehicle_id_len),
		.now_s = a->no_clock ? NULL : &now,
	};
	struct bytes der[MAX_FILES] = { { NULL, 0 } };
	struct buf bufs[MAX_FILES];
	int rc = load_root(against.root_pk, a, p, err);

	for (int i = 0; i < MAX_FILES; i++)
		buf_init(&bufs[i], PEM_MAX_FILE);
	for (int i = 0; !rc && i < a->file_count; i++) {
		rc = pem_load_cert(&bufs[i], a->files[i], err);
		der[i] = buf_bytes(&bufs[i]);
	}
	if (!rc) {
		rc = check(f, a, &against, der);
		if (rc)
			err_set(err, rc, "%s",
				rc == ERR_FORMAT ? "--root: no point of P-256"
						 : err_name(rc));
	}
	for (int i = 0; i < MAX_FILES; i++)
		buf_release(&bufs[i]);
	return rc;
}

int ca_verify(int argc, char **argv)
{
	struct args a = { .profile = CA_DEFAULT_PROFILE, .as = -1 };
	struct cert_finding f = { .reason = CERT_MISSING };
	struct err err = { 0 };
	struct profile *p = NULL;
	int rc;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	rc = ca_profile(&p, a.profile, &err);
	if (!rc)
		rc = run(&a, p, &f, &err);
	profile_free(p);
	return rc ? ca_fail(&err) : say(&f);
}
