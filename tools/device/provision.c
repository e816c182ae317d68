#include "tools/device/provision.h"

#include "bench/core/log.h"
#include "bench/core/verdict.h"
#include "fixtures/proto/pairing.h"

#include <stdio.h>

int provision_load(struct provision *p, const char *profile, const char *keys,
		   struct err *err)
{
	char path[DATA_PATH_MAX];
	bool throwaway = false;
	int rc = data_find(path, profile, "fixtures/profiles/protocol", NULL, err);

	*p = (struct provision){ .profile = NULL };
	if (!rc)
		rc = profile_load(&p->profile, path, err);
	if (!rc)
		rc = data_find(p->keys, keys, "fixtures/pairings", NULL, err);
	if (!rc)
		rc = pairing_is_throwaway(&throwaway, p->keys, err);
	if (!rc && throwaway)
		log_info("the keys of %s are throw-away ones: they guard nothing", keys);
	return rc;
}

void provision_release(struct provision *p)
{
	profile_free(p->profile);
}

int provision_complain(const char *program, const struct err *err)
{
	const bool of_file = err->code == ERR_FORMAT || err->code == ERR_RANGE ||
			     err->code == ERR_AUTH || err->excerpt[0];

	if (err->code == ERR_INTERRUPTED)
		return EXIT_PASSED;
	if (err->excerpt[0])
		fprintf(stderr, "%s\n%s\n", err_text(err), err->excerpt);
	else
		fprintf(stderr, "%s: %s\n", program, err_text(err));
	return of_file ? EXIT_WRONG_CONFIG : EXIT_BENCH_ERROR;
}
