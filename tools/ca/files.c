/* What the commands share: files, and values of the command line. */
#include "bench/core/data.h"
#include "bench/core/fs.h"
#include "bench/core/log.h"
#include "bench/core/verdict.h"
#include "fixtures/pki/pem.h"
#include "fixtures/proto/utc.h"
#include "tools/ca/ca.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int ca_fail(const struct err *err)
{
	if (err->excerpt[0])
		fprintf(stderr, "%s\n%s\n", err_text(err), err->excerpt);
	else
		log_error("%s", err_text(err));
	switch (err->code) {
	case ERR_USAGE:
		return EXIT_WRONG_USE;
	case ERR_FORMAT:
	case ERR_RANGE:
	case ERR_AUTH:
	case ERR_UNSUPPORTED:
		return EXIT_WRONG_CONFIG;
	default:
		return EXIT_BENCH_ERROR;
	}
}

int ca_profile(struct profile **out, const char *given, struct err *err)
{
	struct profile *p = NULL;
	char path[DATA_PATH_MAX];
	int rc = data_find(path, given, "fixtures/profiles/protocol", NULL, err);

	if (!rc)
		rc = profile_load(&p, path, err);
	if (!rc && !p->cert.present) {
		rc = err_set(err, ERR_UNSUPPORTED,
			     "%s: this protocol has no certificates", path);
		profile_free(p);
	}
	if (!rc)
		*out = p;
	return rc;
}

int ca_path(char out[CA_PATH], const char *dir, const char *name, const char *suffix,
	    struct err *err)
{
	int n = snprintf(out, CA_PATH, "%s%s%s%s", dir, *dir ? "/" : "", name, suffix);

	if (n < 0 || n >= CA_PATH)
		return err_set(err, ERR_RANGE, "%s: path too long", dir);
	return 0;
}

int ca_write_cert(const char *dir, const char *name, struct bytes der, struct err *err)
{
	char path[CA_PATH];
	struct buf pem;
	int rc;

	buf_init(&pem, PEM_MAX_FILE);
	rc = pem_add_cert(&pem, der);
	if (rc)
		err_set(err, rc, "%s: %s", name, err_name(rc));
	if (!rc)
		rc = ca_path(path, dir, name, ".pem", err);
	if (!rc)
		rc = fs_create(path, buf_bytes(&pem), 0644, err);
	if (!rc)
		rc = ca_path(path, dir, name, ".der", err);
	if (!rc)
		rc = fs_create(path, der, 0644, err);
	buf_release(&pem);
	return rc;
}

int ca_write_key(const char *dir, const char *name, EVP_PKEY *key, bool throwaway,
		 struct err *err)
{
	uint8_t mem[4096];
	struct buf pem = BUF_ON(mem);
	char path[CA_PATH];
	int rc = pem_add_key(&pem, key, throwaway);

	if (rc)
		err_set(err, rc, "%s: %s", name, err_name(rc));
	if (!rc)
		rc = ca_path(path, dir, name, ".key", err);
	if (!rc)
		rc = fs_create(path, buf_bytes(&pem), 0600, err);
	secret_wipe(mem, sizeof(mem));
	return rc;
}

int64_t ca_time(struct argp_state *state, const char *option, const char *arg)
{
	int64_t s = 0;

	if (utc_parse(&s, BYTES((const uint8_t *)arg, strlen(arg))))
		argp_error(state, "%s: '%s' is no time as 20301231235959Z", option, arg);
	return s;
}

size_t ca_hex(struct argp_state *state, const char *option, const char *arg, uint8_t *out,
	      size_t max)
{
	int len = hex_parse(arg, out, max);

	if (len < 1)
		argp_error(state, "%s: '%s' is not 1 to %zu bytes in hex", option, arg,
			   max);
	return len < 1 ? 0 : (size_t)len;
}

int64_t ca_number(struct argp_state *state, const char *option, const char *arg,
		  int64_t min, int64_t max)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(arg, &end, 10);
	if (end == arg || *end || errno || v < min || v > max)
		argp_error(state, "%s: '%s' is not a whole number from %lld to %lld",
			   option, arg, (long long)min, (long long)max);
	return v;
}
