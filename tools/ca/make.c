/* keybench-ca make: the whole set. */
#include "bench/core/crypto/random.h"
#include "bench/core/crypto/sha256.h"
#include "bench/core/fs.h"
#include "bench/core/log.h"
#include "bench/core/verdict.h"
#include "tools/ca/ca.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_ENVIRONMENTS 8

struct args {
	const char *dir, *profile;
	const char *environments[MAX_ENVIRONMENTS];
	int environment_count;
	uint8_t vehicle_id[CERT_MAX_VEHICLE_ID];
	size_t vehicle_id_len;
	bool seeded;
	uint64_t seed;
	int64_t not_before_s, not_after_s;
};

enum {
	KEY_NOT_BEFORE = 0x100,
	KEY_NOT_AFTER
};
static const struct argp_option options[] = {
	{ "environment", 'e', "NAME", 0,
	  "A server environment; may be said again (default: test and production)", 0 },
	{ "profile", 'p', "PROFILE", 0, "Protocol profile (default dk-ccc-1.0)", 0 },
	{ "vehicle-id", 'v', "HEX", 0, "The vehicle's identifier (default: drawn)", 0 },
	{ "seed", 's', "N", 0,
	  "The same set each time, marked as throw-away: everybody can make its keys",
	  0 },
	{ "not-before", KEY_NOT_BEFORE, "TIME", 0, "Valid from (default 20250101000000Z)",
	  0 },
	{ "not-after", KEY_NOT_AFTER, "TIME", 0, "Valid until (default 20491231235959Z)",
	  0 },
	{ 0 },
};

/* It becomes the name of a folder and stands in subjects. */
static void take_environment(struct args *a, const char *arg, struct argp_state *state)
{
	size_t len = strlen(arg);

	if (len < 1 || len > 20 ||
	    strspn(arg, "abcdefghijklmnopqrstuvwxyz0123456789-") != len || arg[0] == '-')
		argp_error(state,
			   "--environment: '%s' is not 1 to 20 small letters, digits and "
			   "'-'",
			   arg);
	if (a->environment_count == MAX_ENVIRONMENTS)
		argp_error(state, "--environment: at most %d", MAX_ENVIRONMENTS);
	for (int i = 0; i < a->environment_count; i++)
		if (strcmp(a->environments[i], arg) == 0)
			argp_error(state, "--environment: '%s' twice", arg);
	a->environments[a->environment_count++] = arg;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'e':
		take_environment(a, arg, state);
		return 0;
	case 'p':
		a->profile = arg;
		return 0;
	case 'v':
		a->vehicle_id_len = ca_hex(state, "--vehicle-id", arg, a->vehicle_id,
					   sizeof(a->vehicle_id));
		return 0;
	case 's':
		a->seeded = true;
		a->seed = (uint64_t)ca_number(state, "--seed", arg, 0, INT64_MAX);
		return 0;
	case KEY_NOT_BEFORE:
		a->not_before_s = ca_time(state, "--not-before", arg);
		return 0;
	case KEY_NOT_AFTER:
		a->not_after_s = ca_time(state, "--not-after", arg);
		return 0;
	case ARGP_KEY_ARG:
		if (a->dir)
			argp_error(state, "'%s' is one too many", arg);
		a->dir = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->dir)
			argp_error(state, "a folder is needed");
		if (a->not_after_s < a->not_before_s)
			argp_error(state, "--not-after: is before --not-before");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "DIR",
	.doc = "Make every certificate and private key of each server environment, in "
	       "DIR/ENVIRONMENT. Nothing is overwritten.",
};

/* Environments of one seed share nothing. */
static int seeded_for(OSSL_LIB_CTX **out, const struct args *a, const char *environment,
		      struct err *err)
{
	uint8_t digest[32];
	char text[64];
	uint64_t seed = 0;
	int n;

	n = snprintf(text, sizeof(text), "%llu %s", (unsigned long long)a->seed,
		     environment);
	if (sha256(digest, BYTES((uint8_t *)text, (size_t)n)))
		return err_set(err, ERR_NOMEM, "seed");
	for (int i = 0; i < 8; i++)
		seed = seed << 8 | digest[i];
	return crypto_seeded_new(out, seed, err);
}

/* What `keybench-ca issue` and a person must know of the set. */
static int write_about(const char *dir, const struct pki *pki, const struct args *a,
		       const char *environment, struct err *err)
{
	char path[CA_PATH], hex[140];
	struct buf b;
	int rc = ca_path(path, dir, "set", ".yaml", err);

	if (rc)
		return rc;
	buf_init(&b, 1000);
	buf_printf(&b, "# Made by keybench-ca make.\nset: %s\n", environment);
	if (a->seeded)
		buf_printf(
			&b,
			"test_key: throw-away # from seed %llu: everybody can make these "
			"keys\n",
			(unsigned long long)a->seed);
	buf_printf(&b, "profile: %s\n", pki->profile->name);
	buf_printf(&b, "vehicle_id: \"%s\"\n",
		   hex_of(BYTES(pki->vehicle_id, pki->vehicle_id_len), hex, sizeof(hex)));
	buf_printf(&b, "root_pk: \"%s\"\n",
		   hex_of(BYTES_OF(pki->pk[PKI_ROOT]), hex, sizeof(hex)));
	rc = fs_create(path, buf_bytes(&b), 0644, err);
	buf_release(&b);
	return rc;
}

static int write_set(const char *dir, const struct pki *pki, const struct args *a,
		     const char *environment, struct err *err)
{
	int rc = write_about(dir, pki, a, environment, err);

	for (int i = 0; !rc && i < PKI_COUNT; i++) {
		const char *name = pki_name((enum pki_item)i);

		rc = ca_write_cert(dir, name, pki_der(pki, (enum pki_item)i), err);
		if (!rc && pki->key[i])
			rc = ca_write_key(dir, name, pki->key[i], a->seeded, err);
	}
	return rc;
}

static void drop(const char *dir)
{
	static const char *const suffixes[] = { ".pem", ".der", ".key" };
	char path[CA_PATH];

	for (int i = 0; i < PKI_COUNT; i++)
		for (int k = 0; k < 3; k++)
			if (!ca_path(path, dir, pki_name((enum pki_item)i), suffixes[k],
				     NULL))
				unlink(path);
	if (!ca_path(path, dir, "set", ".yaml", NULL))
		unlink(path);
	rmdir(dir);
}

/* Written beside and then renamed: a folder with the name of an environment is whole. */
static int place(const struct args *a, const struct pki *pki, const char *environment,
		 struct err *err)
{
	char path[CA_PATH], temp[CA_PATH];
	int rc = ca_path(path, a->dir, environment, "", err);

	if (!rc)
		rc = ca_path(temp, a->dir, environment, ".XXXXXX", err);
	if (!rc && fs_exists(path))
		rc = err_set(err, ERR_USAGE, "%s is there already: not overwritten",
			     path);
	if (!rc)
		rc = fs_mkdirs(a->dir, err);
	if (rc)
		return rc;
	if (!mkdtemp(temp))
		return err_set(err, ERR_IO, "making a folder in %s: %s", a->dir,
			       strerror(errno));
	rc = write_set(temp, pki, a, environment, err);
	if (!rc && (chmod(temp, 0755) || rename(temp, path)))
		rc = err_set(err, ERR_IO, "making %s: %s", path, strerror(errno));
	if (rc)
		drop(temp);
	return rc;
}

static int make_one(const struct args *a, const struct profile *p,
		    const char *environment, struct err *err)
{
	const struct pki_plan plan = {
		.environment = environment,
		.vehicle_id = BYTES(a->vehicle_id, a->vehicle_id_len),
		.not_before_s = a->not_before_s,
		.not_after_s = a->not_after_s,
	};
	OSSL_LIB_CTX *lib = NULL;
	struct pki pki;
	int rc = a->seeded ? seeded_for(&lib, a, environment, err) : 0;

	if (rc)
		return rc;
	rc = pki_make(&pki, p, &plan, lib, err);
	if (!rc) {
		rc = place(a, &pki, environment, err);
		pki_release(&pki);
	}
	crypto_seeded_free(lib);
	if (!rc)
		printf("%s/%s: %d certificates%s\n", a->dir, environment, PKI_COUNT,
		       a->seeded ? ", keys marked as throw-away" : "");
	return rc;
}

int ca_make(int argc, char **argv)
{
	struct args a = {
		.profile = CA_DEFAULT_PROFILE,
		.not_before_s = INT64_C(1735689600),
		.not_after_s = INT64_C(2524607999),
	};
	struct err err = { 0 };
	struct profile *p = NULL;
	int rc;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (!a.environment_count) {
		a.environments[0] = "test";
		a.environments[1] = "production";
		a.environment_count = 2;
	}
	rc = ca_profile(&p, a.profile, &err);
	for (int i = 0; !rc && i < a.environment_count; i++)
		rc = make_one(&a, p, a.environments[i], &err);
	profile_free(p);
	return rc ? ca_fail(&err) : EXIT_PASSED;
}
