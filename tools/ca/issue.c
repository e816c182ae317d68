/* keybench-ca issue: one certificate of a set again, otherwise. */
#include "bench/core/conf.h"
#include "bench/core/crypto/ec.h"
#include "bench/core/verdict.h"
#include "fixtures/pki/pem.h"
#include "tools/ca/ca.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

struct args {
	const char *from, *to, *profile, *subject, *issuer, *signer;
	int item; /* -1: not said yet */
	unsigned flaws;
	bool expired, not_yet_valid, other_maker, wrong_vehicle; /* flaws of the order */
	bool has_serial, has_not_before, has_not_after, has_path_length, new_key;
	uint64_t serial;
	int64_t not_before_s, not_after_s;
	int path_length;
	uint8_t vehicle_id[CERT_MAX_VEHICLE_ID];
	size_t vehicle_id_len;
};

enum {
	KEY_NOT_BEFORE = 0x100,
	KEY_NOT_AFTER,
	KEY_SUBJECT,
	KEY_ISSUER,
	KEY_SERIAL,
	KEY_PATH_LENGTH,
	KEY_NEW_KEY,
	KEY_SIGNER
};
static const struct argp_option options[] = {
	{ "from", 'f', "DIR", 0, "The set: a folder that keybench-ca make made", 0 },
	{ "to", 't', "STEM", 0, "Write STEM.pem and STEM.der", 0 },
	{ "flaw", 'w', "FLAW", 0, "Make it wrong; may be said again", 0 },
	{ "profile", 'p', "PROFILE", 0, "Protocol profile (default: the set's)", 0 },
	{ "vehicle-id", 'v', "HEX", 0, "The vehicle that it is for", 0 },
	{ "subject", KEY_SUBJECT, "NAME", 0, "Common name of the subject", 0 },
	{ "issuer", KEY_ISSUER, "NAME", 0, "Common name of the issuer", 0 },
	{ "serial", KEY_SERIAL, "N", 0, "Serial number", 0 },
	{ "not-before", KEY_NOT_BEFORE, "TIME", 0, "Valid from, 20250101000000Z", 0 },
	{ "not-after", KEY_NOT_AFTER, "TIME", 0, "Valid until", 0 },
	{ "path-length", KEY_PATH_LENGTH, "N", 0, "CAs that may stand below it, or none",
	  0 },
	{ "new-key", KEY_NEW_KEY, NULL, 0, "For a new key, written to STEM.key", 0 },
	{ "signer", KEY_SIGNER, "FILE", 0, "Sign with this key and no other", 0 },
	{ 0 },
};

/* Flaws that are none of the encoding but of what is ordered. */
static bool *order_flaw(struct args *a, const char *name)
{
	const struct {
		const char *name;
		bool *flag;
	} flaws[] = {
		{ "expired", &a->expired },
		{ "not-yet-valid", &a->not_yet_valid },
		{ "other-device-maker", &a->other_maker },
		{ "wrong-vehicle", &a->wrong_vehicle },
	};

	for (size_t i = 0; i < sizeof(flaws) / sizeof(flaws[0]); i++)
		if (strcmp(flaws[i].name, name) == 0)
			return flaws[i].flag;
	return NULL;
}

static void take_flaw(struct args *a, const char *arg, struct argp_state *state)
{
	unsigned bit = cert_flaw_named(arg);
	bool *flag = order_flaw(a, arg);
	char all[600] = "expired not-yet-valid other-device-maker wrong-vehicle";
	const char *name;

	a->flaws |= bit;
	if (flag)
		*flag = true;
	if (bit || flag)
		return;
	for (int i = 0; (name = cert_flaw_name(i)); i++)
		snprintf(all + strlen(all), sizeof(all) - strlen(all), " %s", name);
	argp_error(state, "--flaw: '%s' is none of: %s", arg, all);
}

static void take_item(struct args *a, const char *arg, struct argp_state *state)
{
	char all[300] = "";

	if (a->item >= 0)
		argp_error(state, "'%s' is one too many", arg);
	a->item = pki_named(arg);
	if (a->item >= 0)
		return;
	for (int i = 0; i < PKI_COUNT; i++)
		snprintf(all + strlen(all), sizeof(all) - strlen(all), " %s",
			 pki_name((enum pki_item)i));
	argp_error(state, "'%s' is none of:%s", arg, all);
}

static void check_args(const struct args *a, struct argp_state *state)
{
	enum cert_role role;

	if (a->item < 0)
		argp_error(state, "which certificate?");
	if (!a->from || !a->to)
		argp_error(state, "--from and --to are needed");
	role = pki_role((enum pki_item)a->item);
	if (a->other_maker && role != CERT_INSTANCE_CA)
		argp_error(state, "--flaw other-device-maker: an instance CA's alone");
	if (a->wrong_vehicle && role != CERT_ENDPOINT && role != CERT_VEHICLE)
		argp_error(state, "--flaw wrong-vehicle: an endpoint's or a vehicle's "
				  "alone");
	if (a->new_key && pki_key_of((enum pki_item)a->item) != (enum pki_item)a->item)
		argp_error(state, "--new-key: its key is the device maker's");
	if (a->other_maker && a->signer)
		argp_error(state, "--signer: who is the other device maker then?");
}

static error_t parse_names(int key, char *arg, struct args *a)
{
	switch (key) {
	case 'f':
		a->from = arg;
		return 0;
	case 't':
		a->to = arg;
		return 0;
	case 'p':
		a->profile = arg;
		return 0;
	case KEY_SUBJECT:
		a->subject = arg;
		return 0;
	case KEY_ISSUER:
		a->issuer = arg;
		return 0;
	case KEY_SIGNER:
		a->signer = arg;
		return 0;
	case KEY_NEW_KEY:
		a->new_key = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'w':
		take_flaw(a, arg, state);
		return 0;
	case 'v':
		a->vehicle_id_len = ca_hex(state, "--vehicle-id", arg, a->vehicle_id,
					   sizeof(a->vehicle_id));
		return 0;
	case KEY_SERIAL:
		a->has_serial = true;
		a->serial = (uint64_t)ca_number(state, "--serial", arg, 0, INT64_MAX);
		return 0;
	case KEY_NOT_BEFORE:
		a->has_not_before = true;
		a->not_before_s = ca_time(state, "--not-before", arg);
		return 0;
	case KEY_NOT_AFTER:
		a->has_not_after = true;
		a->not_after_s = ca_time(state, "--not-after", arg);
		return 0;
	case KEY_PATH_LENGTH:
		a->has_path_length = true;
		a->path_length =
			strcmp(arg, "none") == 0
				? -1
				: (int)ca_number(state, "--path-length", arg, 0, 100);
		return 0;
	case ARGP_KEY_ARG:
		take_item(a, arg, state);
		return 0;
	case ARGP_KEY_END:
		check_args(a, state);
		return 0;
	default:
		return parse_names(key, arg, a);
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "CERTIFICATE",
	.doc = "Make one certificate of a set again, as it is there but for what is "
	       "said. "
	       "Nothing is overwritten.",
};

/* What of a set is needed. */
struct set {
	struct conf *conf;
	struct profile *p;
	const char *test_key, *profile, *name;
	struct bytes vehicle_id, root_pk;
	uint8_t item_mem[CERT_MAX], issuer_mem[CERT_MAX];
	struct cert item, issuer;
	EVP_PKEY *signer, *subject; /* .subject: a new key */
	bool throwaway;
};

#define AT(field) offsetof(struct set, field)
static const struct conf_item set_items[] = {
	{ "set", CONF_TEXT, AT(name), NULL, "environment", 0, 0, NULL },
	{ "test_key", CONF_TEXT, AT(test_key), "", "throw-away", 0, 0, NULL },
	{ "profile", CONF_TEXT, AT(profile), NULL, "protocol profile", 0, 0, NULL },
	{ "vehicle_id", CONF_HEX, AT(vehicle_id), NULL, "vehicle", 1, CERT_MAX_VEHICLE_ID,
	  NULL },
	{ "root_pk", CONF_HEX, AT(root_pk), NULL, "root's point", 65, 65, NULL },
	{ .key = NULL },
};

static void set_release(struct set *s)
{
	EVP_PKEY_free(s->signer);
	EVP_PKEY_free(s->subject);
	profile_free(s->p);
	conf_free(s->conf);
}

static int load_cert(struct cert *out, uint8_t mem[CERT_MAX], const struct set *s,
		     const char *dir, enum pki_item item, struct err *err)
{
	struct buf der = { .data = mem, .cap = CERT_MAX, .max = CERT_MAX, .fixed = true };
	enum cert_reason reason;
	char path[CA_PATH];
	int rc = ca_path(path, dir, pki_name(item), ".pem", err);

	if (!rc)
		rc = pem_load_cert(&der, path, err);
	if (rc)
		return rc;
	rc = cert_parse(out, s->p, buf_bytes(&der), &reason);
	if (rc)
		return err_set(err, rc, "%s: %s", path, err_name(rc));
	if (reason)
		return err_set(err, ERR_FORMAT, "%s: %s", path, cert_reason_text(reason));
	return 0;
}

/* Who signs: the key above, the one that was named, or one of nobody we know. */
static int load_signer(struct set *s, const struct args *a, struct err *err)
{
	char path[CA_PATH];
	bool throwaway = false;
	int rc;

	if (a->other_maker) {
		rc = ec_generate(&s->signer, NULL);
		return rc ? err_set(err, rc, "a key of another device maker") : 0;
	}
	rc = ca_path(path, a->from, pki_name(pki_issuer((enum pki_item)a->item)), ".key",
		     err);
	return rc ? rc
		  : pem_load_key(&s->signer, a->signer ? a->signer : path, &throwaway,
				 err);
}

static int load_set(struct set *s, const struct args *a, struct err *err)
{
	const enum pki_item item = (enum pki_item)a->item;
	char path[CA_PATH];
	int rc = ca_path(path, a->from, "set", ".yaml", err);

	if (!rc)
		rc = conf_read(&s->conf, path, err);
	if (!rc)
		rc = conf_bind(conf_root(s->conf), set_items, s, err);
	if (rc)
		return rc;
	s->throwaway = strcmp(s->test_key, "throw-away") == 0;
	rc = ca_profile(&s->p, a->profile ? a->profile : s->profile, err);
	if (!rc)
		rc = load_cert(&s->item, s->item_mem, s, a->from, item, err);
	if (!rc)
		rc = load_cert(&s->issuer, s->issuer_mem, s, a->from, pki_issuer(item),
			       err);
	if (!rc)
		rc = load_signer(s, a, err);
	if (!rc && a->new_key) {
		rc = ec_generate(&s->subject, NULL);
		if (!rc)
			rc = ec_point(s->item.pk, s->subject);
		if (rc)
			err_set(err, rc, "a new key");
	}
	return rc;
}

static uint64_t number(struct bytes serial)
{
	uint64_t v = 0;

	for (size_t i = 0; i < serial.len; i++)
		v = v << 8 | serial.data[i];
	return v;
}

static void order_times(struct cert_order *o, const struct args *a)
{
	if (a->has_not_before)
		o->not_before_s = a->not_before_s;
	if (a->has_not_after)
		o->not_after_s = a->not_after_s;
	if (a->expired) {
		o->not_before_s = INT64_C(946684800); /* 2000 */
		o->not_after_s = INT64_C(978307199);
	}
	if (a->not_yet_valid) {
		o->not_before_s = INT64_C(253370764800); /* 9999 */
		o->not_after_s = INT64_C(253402300799);
	}
}

static int issue(struct set *s, const struct args *a, struct err *err)
{
	uint8_t id[CERT_MAX_VEHICLE_ID], mem[CERT_MAX + 8];
	const struct bytes vehicle = a->vehicle_id_len
					     ? BYTES(a->vehicle_id, a->vehicle_id_len)
					     : s->vehicle_id;
	char name[2 * CERT_MAX_VEHICLE_ID + 1];
	struct buf der = BUF_ON(mem);
	struct cert_order o = {
		.role = s->item.role,
		.serial = a->has_serial ? a->serial : number(s->item.serial),
		.issuer = a->issuer ? a->issuer : s->issuer.subject_cn,
		.subject = a->subject ? a->subject : s->item.subject_cn,
		.not_before_s = s->item.not_before_s,
		.not_after_s = s->item.not_after_s,
		.pk = s->item.pk,
		.issuer_pk = a->other_maker ? s->issuer.pk : NULL,
		.path_length = a->has_path_length ? &a->path_length : NULL,
		.flaws = a->flaws,
	};
	int rc;

	memcpy(id, vehicle.data, vehicle.len);
	id[0] ^= a->wrong_vehicle;
	o.vehicle_id = BYTES(id, vehicle.len);
	if (o.role == CERT_VEHICLE && !a->subject &&
	    (a->wrong_vehicle || a->vehicle_id_len))
		o.subject = hex_of(o.vehicle_id, name, sizeof(name));
	order_times(&o, a);
	if (o.not_after_s < o.not_before_s)
		return err_set(err, ERR_USAGE, "it would end before it begins");
	rc = cert_build(&der, s->p, &o, NULL, s->signer);
	if (rc == ERR_RANGE)
		return err_set(err, ERR_USAGE,
			       "a name has 1 to %d letters, a time is from 1950 on",
			       CERT_MAX_CN);
	if (rc)
		return err_set(err, rc, "signing: %s", err_name(rc));
	rc = ca_write_cert("", a->to, buf_bytes(&der), err);
	if (!rc && s->subject)
		rc = ca_write_key("", a->to, s->subject, s->throwaway, err);
	return rc;
}

int ca_issue(int argc, char **argv)
{
	struct args a = { .item = -1 };
	struct set s = { 0 };
	struct err err = { 0 };
	int rc;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	rc = load_set(&s, &a, &err);
	if (!rc)
		rc = issue(&s, &a, &err);
	set_release(&s);
	return rc ? ca_fail(&err) : EXIT_PASSED;
}
